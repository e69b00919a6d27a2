#include "native.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

const napi_type_tag SOCKET_TAG = {0x6d6574616c6c6274ULL, 0x732d736f636b6574ULL};

/* The result of a system call: its value, or errno as a negative number. */
static napi_value system_result(napi_env env, ssize_t result) {
  int64_t number = result < 0 ? -(int64_t)errno : result;
  napi_value value = NULL;
  napi_create_int64(env, number, &value);
  return value;
}

void release_socket(struct native_socket *socket) {
  if (--socket->references == 0) free(socket);
}

/* Safe to call again. The reader goes first: libuv must forget the descriptor before its number can be reused. */
static void shut(struct native_socket *socket) {
  if (socket->fd < 0) return;
  if (socket->reader != NULL) stop_reader(socket->reader);
  close(socket->fd);
  socket->fd = -1;
}

static void finalize_socket(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  struct native_socket *socket = data;
  shut(socket);
  release_socket(socket);
}

/* The JavaScript object that owns `fd`, which is closed when there can be none. A negative `fd` gives negative errno. */
static napi_value own_descriptor(napi_env env, int fd) {
  if (fd < 0) return system_result(env, -1);
  struct native_socket *opened = calloc(1, sizeof *opened);
  if (opened == NULL) {
    close(fd);
    errno = ENOMEM;
    return system_result(env, -1);
  }
  opened->references = 1;
  opened->fd = fd;
  napi_value object;
  if (napi_create_object(env, &object) != napi_ok || napi_type_tag_object(env, object, &SOCKET_TAG) != napi_ok ||
      napi_wrap(env, object, opened, finalize_socket, NULL, NULL) != napi_ok) {
    finalize_socket(env, opened, NULL);
    return throw_type_error(env, "the socket object could not be made");
  }
  return object;
}

/* socket(domain, type, protocol): an object, or negative errno. Never blocks and is not inherited by children. */
napi_value open_socket(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  int32_t domain, type, protocol;
  if (!take_arguments(env, info, 3, arguments) || !int_argument(env, arguments[0], "domain", &domain) ||
      !int_argument(env, arguments[1], "type", &type) || !int_argument(env, arguments[2], "protocol", &protocol)) {
    return NULL;
  }
  return own_descriptor(env, socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
}

/*
 * adopt(descriptor): an object with a descriptor of its own for a socket that somebody else holds, or negative errno:
 * ENOTSOCK for any other file.
 */
napi_value adopt_descriptor(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  int32_t descriptor;
  if (!take_arguments(env, info, 1, arguments) || !int_argument(env, arguments[0], "descriptor", &descriptor)) {
    return NULL;
  }
  int type;
  socklen_t length = sizeof type;
  if (getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &length) < 0) return system_result(env, -1);
  return own_descriptor(env, fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
}

/* share(socket): a further descriptor for it, which the caller must close or give away; or negative errno. */
napi_value share_socket(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  struct native_socket *socket;
  if (!take_arguments(env, info, 1, arguments) || !socket_argument(env, arguments[0], &socket)) return NULL;
  return system_result(env, fcntl(socket->fd, F_DUPFD_CLOEXEC, 0));
}

/* bind(socket, sockaddr) */
napi_value bind_socket(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct native_socket *socket;
  struct bytes address;
  if (!take_arguments(env, info, 2, arguments) || !socket_argument(env, arguments[0], &socket) ||
      !bytes_argument(env, arguments[1], "address", &address)) {
    return NULL;
  }
  if (address.length > sizeof(struct sockaddr_storage)) return throw_type_error(env, "address is too long");
  return system_result(env, bind(socket->fd, (struct sockaddr *)address.data, (socklen_t)address.length));
}

/* setOption(socket, level, name, value): value is a C int, or the bytes of a structure. */
napi_value set_option(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  struct native_socket *socket;
  int32_t level, name, number;
  struct bytes value;
  napi_valuetype type;
  if (!take_arguments(env, info, 4, arguments) || !socket_argument(env, arguments[0], &socket) ||
      !int_argument(env, arguments[1], "level", &level) || !int_argument(env, arguments[2], "name", &name)) {
    return NULL;
  }
  if (napi_typeof(env, arguments[3], &type) == napi_ok && type == napi_number) {
    if (!int_argument(env, arguments[3], "value", &number)) return NULL;
    value.data = (uint8_t *)&number;
    value.length = sizeof number;
  } else if (!bytes_argument(env, arguments[3], "value", &value)) {
    return NULL;
  }
  if (value.length > INT32_MAX) return throw_type_error(env, "value is too long");
  return system_result(env, setsockopt(socket->fd, level, name, value.data, (socklen_t)value.length));
}

/* attachFilter(socket, program): classic BPF; replaces the current program in one step. */
napi_value attach_filter(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct native_socket *socket;
  struct bytes program;
  if (!take_arguments(env, info, 2, arguments) || !socket_argument(env, arguments[0], &socket) ||
      !bytes_argument(env, arguments[1], "program", &program)) {
    return NULL;
  }
  size_t instructions = program.length / sizeof(struct sock_filter);
  if (program.length % sizeof(struct sock_filter) != 0 || instructions > UINT16_MAX) {
    return throw_type_error(env, "program must be at most 65535 instructions of 8 bytes");
  }
  struct sock_fprog filter = {.len = (unsigned short)instructions, .filter = (struct sock_filter *)program.data};
  return system_result(env, setsockopt(socket->fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter));
}

/* send(socket, bytes): to where the socket is bound. */
napi_value send_bytes(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct native_socket *socket;
  struct bytes frame;
  if (!take_arguments(env, info, 2, arguments) || !socket_argument(env, arguments[0], &socket) ||
      !bytes_argument(env, arguments[1], "bytes", &frame)) {
    return NULL;
  }
  return system_result(env, send(socket->fd, frame.data, frame.length, MSG_NOSIGNAL));
}

/* close(socket): also stops its reader; nothing is delivered afterwards. Closing twice does nothing. */
napi_value close_socket(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  struct native_socket *socket;
  if (take_arguments(env, info, 1, arguments) && socket_argument(env, arguments[0], &socket)) shut(socket);
  return NULL;
}
