/*
 * Packet and netlink sockets for the speaker: thin system calls, and one reader per socket that hands batches of
 * datagrams to JavaScript. No protocol knowledge lives here. Node-API 8 and libuv only. README.md has the contract.
 */
#define _GNU_SOURCE
#define NAPI_VERSION 8
#include <errno.h>
#include <linux/filter.h>
#include <node_api.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

/* Datagrams per recvmmsg, and batches per wake-up, so that one busy socket can't starve the event loop. */
#define MAX_BATCH 64
#define MAX_BATCHES_PER_WAKEUP 4

static const napi_type_tag SOCKET_TAG = {0x6d65746c6c622d74ULL, 0x736f636b65743031ULL};

/*
 * One socket. Two owners keep the memory alive: the JavaScript object (until it is collected) and the open socket
 * (until it is closed and libuv has let go of its handle).
 */
typedef struct {
  int owners;
  int fd; /* -1 once closed */
  napi_env env;
  napi_async_cleanup_hook_handle hook;
  int reading;
  uv_poll_t poll;
  napi_ref callback, ring, lengths;
  napi_async_context context;
  size_t slot_size, slots;
} socket_t;

static napi_value throw_type_error(napi_env env, const char *message) {
  napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", message);
  return NULL;
}

/* System calls answer as in the kernel: a result, or the negative errno. */
static napi_value number(napi_env env, int64_t value) {
  napi_value result;
  return napi_create_int64(env, value, &result) == napi_ok ? result : NULL;
}

static napi_value syscall_result(napi_env env, int64_t result) {
  return number(env, result < 0 ? -(int64_t)errno : result);
}

static void disown(socket_t *s) {
  if (--s->owners == 0) free(s);
}

static void on_collected(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  disown(data);
}

static void forget_hook(socket_t *s) {
  napi_async_cleanup_hook_handle hook = s->hook;
  s->hook = NULL;
  if (hook != NULL) napi_remove_async_cleanup_hook(hook);
}

static void release_reader(socket_t *s) {
  napi_handle_scope scope;
  if (napi_open_handle_scope(s->env, &scope) != napi_ok) return;
  napi_delete_reference(s->env, s->callback);
  napi_delete_reference(s->env, s->ring);
  napi_delete_reference(s->env, s->lengths);
  napi_async_destroy(s->env, s->context);
  napi_close_handle_scope(s->env, scope);
}

static void on_handle_closed(uv_handle_t *handle) {
  socket_t *s = handle->data;
  release_reader(s);
  forget_hook(s);
  disown(s);
}

static void close_socket(socket_t *s) {
  if (s->fd < 0) return;
  if (s->reading) uv_poll_stop(&s->poll);
  close(s->fd);
  s->fd = -1;
  if (s->reading) {
    uv_close((uv_handle_t *)&s->poll, on_handle_closed);
  } else {
    forget_hook(s);
    disown(s);
  }
}

/* The environment goes down, for example because a worker is terminated: libuv must not be left with our handle. */
static void on_environment_down(napi_async_cleanup_hook_handle hook, void *data) {
  (void)hook;
  close_socket(data);
}

static int get_arguments(napi_env env, napi_callback_info info, size_t wanted, napi_value *values) {
  size_t count = wanted;
  if (napi_get_cb_info(env, info, &count, values, NULL, NULL) != napi_ok) return 0;
  if (count >= wanted) return 1;
  throw_type_error(env, "too few arguments");
  return 0;
}

/* An open socket, or NULL with an exception pending. */
static socket_t *get_socket(napi_env env, napi_value value) {
  bool tagged = false;
  void *data = NULL;
  if (napi_check_object_type_tag(env, value, &SOCKET_TAG, &tagged) == napi_ok && tagged &&
      napi_unwrap(env, value, &data) == napi_ok) {
    socket_t *s = data;
    if (s->fd >= 0) return s;
    napi_throw_error(env, "ERR_SOCKET_CLOSED", "the socket is closed");
    return NULL;
  }
  throw_type_error(env, "not a socket of this addon");
  return NULL;
}

static int get_int(napi_env env, napi_value value, int32_t *result) {
  if (napi_get_value_int32(env, value, result) == napi_ok) return 1;
  throw_type_error(env, "expected a number");
  return 0;
}

static int typed_array(napi_env env, napi_value value, napi_typedarray_type want, void **data, size_t *count) {
  bool is_typed_array = false;
  napi_typedarray_type type;
  napi_value buffer;
  size_t offset;
  return napi_is_typedarray(env, value, &is_typed_array) == napi_ok && is_typed_array &&
         napi_get_typedarray_info(env, value, &type, count, data, &buffer, &offset) == napi_ok && type == want;
}

static int get_bytes(napi_env env, napi_value value, void **data, size_t *length) {
  if (typed_array(env, value, napi_uint8_array, data, length)) return 1;
  throw_type_error(env, "expected a Uint8Array");
  return 0;
}

/* open(domain, type, protocol): a socket object, or the negative errno */
static napi_value js_open(napi_env env, napi_callback_info info) {
  napi_value args[3], object;
  int32_t domain, type, protocol;
  if (!get_arguments(env, info, 3, args) || !get_int(env, args[0], &domain) || !get_int(env, args[1], &type) ||
      !get_int(env, args[2], &protocol))
    return NULL;
  int fd = socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
  if (fd < 0) return syscall_result(env, fd);
  socket_t *s = calloc(1, sizeof *s);
  if (s == NULL) {
    close(fd);
    return number(env, -ENOMEM);
  }
  s->fd = fd;
  s->env = env;
  if (napi_create_object(env, &object) != napi_ok || napi_type_tag_object(env, object, &SOCKET_TAG) != napi_ok ||
      napi_wrap(env, object, s, on_collected, NULL, NULL) != napi_ok) {
    close(fd);
    free(s);
    return throw_type_error(env, "can't wrap the socket");
  }
  s->owners = 2;
  napi_add_async_cleanup_hook(env, on_environment_down, s, &s->hook);
  return object;
}

/* close(socket): closing twice does nothing */
static napi_value js_close(napi_env env, napi_callback_info info) {
  napi_value args[1];
  bool tagged = false;
  void *data = NULL;
  if (!get_arguments(env, info, 1, args)) return NULL;
  if (napi_check_object_type_tag(env, args[0], &SOCKET_TAG, &tagged) != napi_ok || !tagged ||
      napi_unwrap(env, args[0], &data) != napi_ok)
    return throw_type_error(env, "not a socket of this addon");
  close_socket(data);
  return NULL;
}

/* bind(socket, sockaddr) */
static napi_value js_bind(napi_env env, napi_callback_info info) {
  napi_value args[2];
  void *address;
  size_t length;
  if (!get_arguments(env, info, 2, args)) return NULL;
  socket_t *s = get_socket(env, args[0]);
  if (s == NULL || !get_bytes(env, args[1], &address, &length)) return NULL;
  return syscall_result(env, bind(s->fd, address, length));
}

/* setOption(socket, level, name, value): value is bytes, or a number that is passed as a C int */
static napi_value js_set_option(napi_env env, napi_callback_info info) {
  napi_value args[4];
  int32_t level, name, value;
  void *data;
  size_t length;
  napi_valuetype type;
  if (!get_arguments(env, info, 4, args)) return NULL;
  socket_t *s = get_socket(env, args[0]);
  if (s == NULL || !get_int(env, args[1], &level) || !get_int(env, args[2], &name)) return NULL;
  if (napi_typeof(env, args[3], &type) == napi_ok && type == napi_number) {
    if (!get_int(env, args[3], &value)) return NULL;
    data = &value;
    length = sizeof value;
  } else if (!get_bytes(env, args[3], &data, &length)) {
    return NULL;
  }
  return syscall_result(env, setsockopt(s->fd, level, name, data, length));
}

/* attachFilter(socket, program): replaces the classic BPF program; 8 bytes per instruction */
static napi_value js_attach_filter(napi_env env, napi_callback_info info) {
  napi_value args[2];
  void *program;
  size_t length;
  if (!get_arguments(env, info, 2, args)) return NULL;
  socket_t *s = get_socket(env, args[0]);
  if (s == NULL || !get_bytes(env, args[1], &program, &length)) return NULL;
  size_t instructions = length / sizeof(struct sock_filter);
  if (length % sizeof(struct sock_filter) != 0 || instructions > UINT16_MAX) return number(env, -EINVAL);
  struct sock_fprog fprog = {.len = (unsigned short)instructions, .filter = program};
  return syscall_result(env, setsockopt(s->fd, SOL_SOCKET, SO_ATTACH_FILTER, &fprog, sizeof fprog));
}

/* send(socket, bytes): never blocks */
static napi_value js_send(napi_env env, napi_callback_info info) {
  napi_value args[2];
  void *data;
  size_t length;
  if (!get_arguments(env, info, 2, args)) return NULL;
  socket_t *s = get_socket(env, args[0]);
  if (s == NULL || !get_bytes(env, args[1], &data, &length)) return NULL;
  return syscall_result(env, send(s->fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT));
}

/* An exception that the callback threw becomes an uncaught one; there is nobody above us to take it. */
static void raise_uncaught(napi_env env) {
  bool pending = false;
  napi_value exception;
  if (napi_is_exception_pending(env, &pending) == napi_ok && pending &&
      napi_get_and_clear_last_exception(env, &exception) == napi_ok)
    napi_fatal_exception(env, exception);
}

/* Fills the ring once and sets the lengths. Returns how many datagrams came, or the negative errno. */
static int receive_batch(socket_t *s, uint8_t *ring, int32_t *lengths) {
  struct mmsghdr messages[MAX_BATCH];
  struct iovec parts[MAX_BATCH];
  memset(messages, 0, s->slots * sizeof *messages);
  for (size_t i = 0; i < s->slots; i++) {
    parts[i] = (struct iovec){.iov_base = ring + i * s->slot_size, .iov_len = s->slot_size};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  /* MSG_TRUNC: the length on the wire, so that the reader can see that a datagram did not fit its slot. */
  int count = recvmmsg(s->fd, messages, (unsigned)s->slots, MSG_DONTWAIT | MSG_TRUNC, NULL);
  if (count < 0) return -errno;
  for (int i = 0; i < count; i++) lengths[i] = (int32_t)messages[i].msg_len;
  return count;
}

static int read_and_call(socket_t *s) {
  napi_value callback, ring, lengths, receiver, argument;
  void *ring_data, *lengths_data;
  size_t ring_size, lengths_count;
  /* Looked up each time: JavaScript may have detached the buffers. */
  if (napi_get_reference_value(s->env, s->callback, &callback) != napi_ok ||
      napi_get_reference_value(s->env, s->ring, &ring) != napi_ok ||
      napi_get_reference_value(s->env, s->lengths, &lengths) != napi_ok ||
      !typed_array(s->env, ring, napi_uint8_array, &ring_data, &ring_size) ||
      !typed_array(s->env, lengths, napi_int32_array, &lengths_data, &lengths_count) ||
      ring_size < s->slots * s->slot_size || lengths_count < s->slots) {
    uv_poll_stop(&s->poll);
    return 0;
  }
  int count = receive_batch(s, ring_data, lengths_data);
  if (count == -EAGAIN || count == -EINTR || count == 0) return 0;
  if (napi_get_global(s->env, &receiver) != napi_ok || napi_create_int32(s->env, count, &argument) != napi_ok) return 0;
  if (napi_make_callback(s->env, s->context, receiver, callback, 1, &argument, NULL) != napi_ok) raise_uncaught(s->env);
  return count == (int)s->slots;
}

static void on_readable(uv_poll_t *handle, int status, int events) {
  socket_t *s = handle->data;
  (void)events;
  for (int i = 0, more = 1; more && i < MAX_BATCHES_PER_WAKEUP && s->fd >= 0; i++) {
    napi_handle_scope scope;
    if (napi_open_handle_scope(s->env, &scope) != napi_ok) return;
    more = read_and_call(s);
    napi_close_handle_scope(s->env, scope);
  }
  /* libuv stops polling when the socket has an error pending (ENETDOWN, ENOBUFS); reading it has cleared it. */
  if (status < 0 && s->fd >= 0) uv_poll_start(&s->poll, UV_READABLE, on_readable);
}

static int reader_arguments(napi_env env, napi_value *args, socket_t *s, int32_t slot_size) {
  void *data;
  size_t ring_size, lengths_count;
  napi_valuetype type;
  if (!get_bytes(env, args[1], &data, &ring_size)) return 0;
  if (!typed_array(env, args[2], napi_int32_array, &data, &lengths_count)) {
    throw_type_error(env, "lengths must be an Int32Array");
    return 0;
  }
  if (napi_typeof(env, args[4], &type) != napi_ok || type != napi_function) {
    throw_type_error(env, "the callback must be a function");
    return 0;
  }
  size_t slots = slot_size > 0 ? ring_size / (size_t)slot_size : 0;
  if (slots > lengths_count) slots = lengths_count;
  if (slots > MAX_BATCH) slots = MAX_BATCH;
  if (slots == 0 || s->reading) {
    napi_throw_range_error(env, "ERR_OUT_OF_RANGE", "no room for a single datagram, or the socket has a reader");
    return 0;
  }
  s->slot_size = (size_t)slot_size;
  s->slots = slots;
  return 1;
}

/* read(socket, ring, lengths, slotSize, callback): callback(count), or callback(negative errno) */
static napi_value js_read(napi_env env, napi_callback_info info) {
  napi_value args[5], name;
  int32_t slot_size;
  uv_loop_t *loop;
  if (!get_arguments(env, info, 5, args)) return NULL;
  socket_t *s = get_socket(env, args[0]);
  if (s == NULL || !get_int(env, args[3], &slot_size) || !reader_arguments(env, args, s, slot_size)) return NULL;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok ||
      napi_create_string_utf8(env, "metallb.read", NAPI_AUTO_LENGTH, &name) != napi_ok)
    return throw_type_error(env, "no event loop");
  int error = uv_poll_init(loop, &s->poll, s->fd);
  if (error != 0) return number(env, error);
  s->poll.data = s;
  s->reading = 1;
  napi_create_reference(env, args[4], 1, &s->callback);
  napi_create_reference(env, args[1], 1, &s->ring);
  napi_create_reference(env, args[2], 1, &s->lengths);
  napi_async_init(env, NULL, name, &s->context);
  return number(env, uv_poll_start(&s->poll, UV_READABLE, on_readable));
}

NAPI_MODULE_INIT() {
  const napi_property_descriptor functions[] = {
      {"open", NULL, js_open, NULL, NULL, NULL, napi_enumerable, NULL},
      {"close", NULL, js_close, NULL, NULL, NULL, napi_enumerable, NULL},
      {"bind", NULL, js_bind, NULL, NULL, NULL, napi_enumerable, NULL},
      {"setOption", NULL, js_set_option, NULL, NULL, NULL, napi_enumerable, NULL},
      {"attachFilter", NULL, js_attach_filter, NULL, NULL, NULL, napi_enumerable, NULL},
      {"send", NULL, js_send, NULL, NULL, NULL, napi_enumerable, NULL},
      {"read", NULL, js_read, NULL, NULL, NULL, napi_enumerable, NULL},
  };
  napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions);
  return exports;
}
