#include "native.h"

#include <stdio.h>

napi_value throw_type_error(napi_env env, const char *message) {
  napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", message);
  return NULL;
}

static bool refuse(napi_env env, const char *name, const char *wanted) {
  char message[128];
  snprintf(message, sizeof message, "%s must be %s", name, wanted);
  throw_type_error(env, message);
  return false;
}

bool take_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values) {
  size_t given = count;
  if (napi_get_cb_info(env, info, &given, values, NULL, NULL) == napi_ok && given >= count) return true;
  throw_type_error(env, "too few arguments");
  return false;
}

bool int_argument(napi_env env, napi_value value, const char *name, int32_t *out) {
  double number;
  if (napi_get_value_double(env, value, &number) != napi_ok || !(number >= INT32_MIN && number <= INT32_MAX) ||
      number != (int32_t)number) {
    return refuse(env, name, "a 32-bit integer");
  }
  *out = (int32_t)number;
  return true;
}

bool bytes_argument(napi_env env, napi_value value, const char *name, struct bytes *out) {
  bool is_array = false;
  napi_typedarray_type type;
  void *data = NULL;
  if (napi_is_typedarray(env, value, &is_array) != napi_ok || !is_array ||
      napi_get_typedarray_info(env, value, &type, &out->length, &data, NULL, NULL) != napi_ok ||
      type != napi_uint8_array) {
    return refuse(env, name, "a Uint8Array");
  }
  out->data = data;
  return true;
}

bool function_argument(napi_env env, napi_value value, const char *name) {
  napi_valuetype type;
  if (napi_typeof(env, value, &type) == napi_ok && type == napi_function) return true;
  return refuse(env, name, "a function");
}

bool socket_argument(napi_env env, napi_value value, struct native_socket **out) {
  napi_valuetype type;
  bool ours = false;
  if (napi_typeof(env, value, &type) == napi_ok && type == napi_object &&
      napi_check_object_type_tag(env, value, &SOCKET_TAG, &ours) == napi_ok && ours &&
      napi_unwrap(env, value, (void **)out) == napi_ok) {
    return true;
  }
  return refuse(env, "socket", "a socket of this addon");
}
