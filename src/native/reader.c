#include "native.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
  MAX_SLOTS = 64,
  /* Words of metadata per datagram: its length, or -1 when it was larger than a slot; and where it came from. */
  META_WORDS = 2,
  /* Full batches taken per wakeup, so that one busy socket can't starve the rest of the loop. */
  MAX_ROUNDS = 4,
};

struct reader {
  uv_poll_t poll;
  struct native_socket *socket;
  napi_env env;
  napi_async_cleanup_hook_handle cleanup;
  napi_async_context context;
  napi_ref on_batch, ring, meta;
  bool stopped;
  uint32_t slots;
  size_t slot_size;
  struct mmsghdr messages[MAX_SLOTS];
  struct iovec vectors[MAX_SLOTS];
  struct sockaddr_storage senders[MAX_SLOTS];
};

static void free_reader(struct reader *reader) {
  napi_env env = reader->env;
  if (reader->on_batch != NULL) napi_delete_reference(env, reader->on_batch);
  if (reader->ring != NULL) napi_delete_reference(env, reader->ring);
  if (reader->meta != NULL) napi_delete_reference(env, reader->meta);
  if (reader->context != NULL) napi_async_destroy(env, reader->context);
  release_socket(reader->socket);
  napi_async_cleanup_hook_handle cleanup = reader->cleanup;
  free(reader);
  if (cleanup != NULL) napi_remove_async_cleanup_hook(cleanup);
}

static void on_closed(uv_handle_t *handle) {
  struct reader *reader = handle->data;
  napi_env env = reader->env;
  napi_handle_scope scope;
  bool scoped = napi_open_handle_scope(env, &scope) == napi_ok;
  free_reader(reader);
  if (scoped) napi_close_handle_scope(env, scope);
}

void stop_reader(struct reader *reader) {
  if (reader->stopped) return;
  reader->stopped = true;
  reader->socket->reader = NULL;
  uv_close((uv_handle_t *)&reader->poll, on_closed);
}

/* A worker that is terminated, or the process, waits here until libuv has let go: an open handle would abort both. */
static void on_environment_exit(napi_async_cleanup_hook_handle handle, void *data) {
  (void)handle;
  stop_reader(data);
}

/* The memory behind a typed array now: JavaScript may have detached it since the last batch. */
static void *memory_of(napi_env env, napi_ref reference, size_t elements) {
  napi_value array;
  void *data = NULL;
  size_t length = 0;
  if (napi_get_reference_value(env, reference, &array) != napi_ok || array == NULL ||
      napi_get_typedarray_info(env, array, NULL, &length, &data, NULL, NULL) != napi_ok || length < elements) {
    return NULL;
  }
  return data;
}

/* AF_PACKET: the packet type (PACKET_HOST, …). AF_NETLINK: the sender's port, 0 for the kernel. */
static int32_t origin_of(const struct sockaddr_storage *sender) {
  if (sender->ss_family == AF_PACKET) return ((const struct sockaddr_ll *)sender)->sll_pkttype;
  if (sender->ss_family == AF_NETLINK) return (int32_t)((const struct sockaddr_nl *)sender)->nl_pid;
  return -1;
}

/* Returns the number of datagrams, or negative errno. */
static int receive_batch(struct reader *reader) {
  uint8_t *ring = memory_of(reader->env, reader->ring, reader->slots * reader->slot_size);
  int32_t *meta = memory_of(reader->env, reader->meta, (size_t)reader->slots * META_WORDS);
  if (ring == NULL || meta == NULL) return -EFAULT;
  for (uint32_t i = 0; i < reader->slots; i++) {
    reader->vectors[i] = (struct iovec){.iov_base = ring + i * reader->slot_size, .iov_len = reader->slot_size};
    reader->messages[i].msg_hdr = (struct msghdr){
        .msg_name = &reader->senders[i],
        .msg_namelen = sizeof reader->senders[i],
        .msg_iov = &reader->vectors[i],
        .msg_iovlen = 1,
    };
    reader->senders[i].ss_family = AF_UNSPEC;
  }
  int count = recvmmsg(reader->socket->fd, reader->messages, reader->slots, MSG_DONTWAIT, NULL);
  if (count < 0) return -errno;
  for (int i = 0; i < count; i++) {
    bool cut = (reader->messages[i].msg_hdr.msg_flags & MSG_TRUNC) != 0;
    meta[i * META_WORDS] = cut ? -1 : (int32_t)reader->messages[i].msg_len;
    meta[i * META_WORDS + 1] = origin_of(&reader->senders[i]);
  }
  return count;
}

/* An exception of the callback ends where any other does that nobody caught: in 'uncaughtException'. */
static void report_batch(struct reader *reader, int count) {
  napi_env env = reader->env;
  napi_value callback, receiver, argument;
  if (napi_get_reference_value(env, reader->on_batch, &callback) != napi_ok ||
      napi_get_global(env, &receiver) != napi_ok || napi_create_int32(env, count, &argument) != napi_ok) {
    return;
  }
  if (napi_make_callback(env, reader->context, receiver, callback, 1, &argument, NULL) == napi_ok) return;
  bool pending = false;
  napi_value exception;
  if (napi_is_exception_pending(env, &pending) == napi_ok && pending &&
      napi_get_and_clear_last_exception(env, &exception) == napi_ok) {
    napi_fatal_exception(env, exception);
  }
}

/* Takes what is there. Returns false when the descriptor or the memory is gone, so that polling on would spin. */
static bool drain(struct reader *reader) {
  for (int round = 0; round < MAX_ROUNDS && !reader->stopped; round++) {
    napi_handle_scope scope;
    if (napi_open_handle_scope(reader->env, &scope) != napi_ok) return false;
    int count = receive_batch(reader);
    bool idle = count == -EAGAIN || count == -EINTR;
    if (!idle) report_batch(reader, count);
    napi_close_handle_scope(reader->env, scope);
    if (count == -EFAULT || count == -EBADF) return false;
    if (idle || (count >= 0 && (uint32_t)count < reader->slots)) return true;
  }
  return true;
}

static void on_readable(uv_poll_t *poll, int status, int events) {
  (void)events;
  struct reader *reader = poll->data;
  bool usable = drain(reader);
  if (reader->stopped) return;
  if (!usable) {
    uv_poll_stop(poll);
    return;
  }
  /*
   * libuv stops a handle on POLLERR, which a socket raises for errors that pass: an interface that went down, a netlink
   * queue that overflowed. Receiving has taken the error from the socket, so watching goes on.
   */
  if (status < 0) uv_poll_start(poll, UV_READABLE, on_readable);
}

static bool keep_references(struct reader *reader, napi_value ring, napi_value meta, napi_value on_batch) {
  napi_env env = reader->env;
  napi_value name;
  return napi_create_reference(env, ring, 1, &reader->ring) == napi_ok &&
         napi_create_reference(env, meta, 1, &reader->meta) == napi_ok &&
         napi_create_reference(env, on_batch, 1, &reader->on_batch) == napi_ok &&
         napi_create_string_utf8(env, "metallb.reader", NAPI_AUTO_LENGTH, &name) == napi_ok &&
         napi_async_init(env, NULL, name, &reader->context) == napi_ok;
}

static napi_value start(struct reader *reader) {
  napi_env env = reader->env;
  uv_loop_t *loop = NULL;
  int result = napi_get_uv_event_loop(env, &loop) == napi_ok ? uv_poll_init(loop, &reader->poll, reader->socket->fd) : UV_EINVAL;
  if (result != 0) {
    free_reader(reader);
  } else {
    reader->poll.data = reader;
    reader->socket->reader = reader;
    result = uv_poll_start(&reader->poll, UV_READABLE, on_readable);
    if (result == 0 && napi_add_async_cleanup_hook(env, on_environment_exit, reader, &reader->cleanup) != napi_ok) {
      result = UV_ENOMEM;
    }
    if (result != 0) stop_reader(reader);
  }
  napi_value value = NULL;
  napi_create_int32(env, result, &value);
  return value;
}

/*
 * read(socket, ring, slotSize, meta, onBatch): calls onBatch(count) after every batch; datagram i is in slot i of the
 * ring, its metadata in word 2i of meta, valid until onBatch returns. A negative count is an errno. At most one reader
 * per socket. Returns 0 or negative errno.
 */
napi_value read_batches(napi_env env, napi_callback_info info) {
  napi_value arguments[5];
  struct native_socket *socket;
  struct bytes ring;
  int32_t slot_size;
  napi_typedarray_type meta_type;
  size_t meta_length;
  if (!take_arguments(env, info, 5, arguments) || !socket_argument(env, arguments[0], &socket) ||
      !bytes_argument(env, arguments[1], "ring", &ring) ||
      !int_argument(env, arguments[2], "slotSize", &slot_size) ||
      !function_argument(env, arguments[4], "onBatch")) {
    return NULL;
  }
  if (napi_get_typedarray_info(env, arguments[3], &meta_type, &meta_length, NULL, NULL, NULL) != napi_ok ||
      meta_type != napi_int32_array) {
    return throw_type_error(env, "meta must be an Int32Array");
  }
  size_t slots = meta_length / META_WORDS;
  if (slot_size <= 0 || slots == 0 || slots > MAX_SLOTS || ring.length / (size_t)slot_size < slots) {
    return throw_type_error(env, "ring must have room for 1 to 64 slots, and meta two words for each");
  }
  if (socket->fd < 0) return throw_type_error(env, "socket is closed");
  if (socket->reader != NULL) return throw_type_error(env, "socket has a reader already");
  struct reader *reader = calloc(1, sizeof *reader);
  if (reader == NULL) return throw_type_error(env, "out of memory");
  reader->env = env;
  reader->socket = socket;
  socket->references++;
  reader->slots = (uint32_t)slots;
  reader->slot_size = (size_t)slot_size;
  if (!keep_references(reader, arguments[1], arguments[3], arguments[4])) {
    free_reader(reader);
    return throw_type_error(env, "the reader could not be made");
  }
  return start(reader);
}
