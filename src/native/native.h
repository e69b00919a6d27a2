/*
 * The system calls that Node.js lacks, as plain Node-API functions: raw sockets, socket options, and a reader that hands
 * whole batches of datagrams to JavaScript. Nothing here knows a protocol. Wrong arguments throw TypeError; errors of the kernel are
 * returned as negative errno.
 */
#ifndef METALLB_NATIVE_H
#define METALLB_NATIVE_H

#define _GNU_SOURCE
#define NAPI_VERSION 8

#include <node_api.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

/*
 * A socket that belongs to one JavaScript object. The object's finalizer and, while reading, the event loop's handle
 * refer to it: it is freed when both have let go, so a call on a closed socket finds `fd` -1 and never freed memory.
 */
struct native_socket {
  int fd;
  int references;
  struct reader *reader;
};

struct bytes {
  uint8_t *data;
  size_t length;
};

/* arguments.c: each returns false after throwing TypeError. */
bool take_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values);
bool int_argument(napi_env env, napi_value value, const char *name, int32_t *out);
bool bytes_argument(napi_env env, napi_value value, const char *name, struct bytes *out);
bool function_argument(napi_env env, napi_value value, const char *name);
bool socket_argument(napi_env env, napi_value value, struct native_socket **out);
napi_value throw_type_error(napi_env env, const char *message);

/* sockets.c */
extern const napi_type_tag SOCKET_TAG;
void release_socket(struct native_socket *socket);
napi_value open_socket(napi_env env, napi_callback_info info);
napi_value adopt_descriptor(napi_env env, napi_callback_info info);
napi_value share_socket(napi_env env, napi_callback_info info);
napi_value bind_socket(napi_env env, napi_callback_info info);
napi_value set_option(napi_env env, napi_callback_info info);
napi_value attach_filter(napi_env env, napi_callback_info info);
napi_value send_bytes(napi_env env, napi_callback_info info);
napi_value close_socket(napi_env env, napi_callback_info info);

/* reader.c */
napi_value read_batches(napi_env env, napi_callback_info info);
void stop_reader(struct reader *reader);

#endif
