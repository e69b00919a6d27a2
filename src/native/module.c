#include "native.h"

static napi_value initialize(napi_env env, napi_value exports) {
  const struct {
    const char *name;
    napi_callback function;
  } functions[] = {
      {"socket", open_socket},   {"adopt", adopt_descriptor},     {"share", share_socket}, {"bind", bind_socket},
      {"setOption", set_option}, {"attachFilter", attach_filter}, {"send", send_bytes},    {"read", read_batches},
      {"close", close_socket},
  };
  for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
    napi_property_descriptor property = {
        .utf8name = functions[i].name, .method = functions[i].function, .attributes = napi_enumerable};
    if (napi_define_properties(env, exports, 1, &property) != napi_ok) return NULL;
  }
  return exports;
}

NAPI_MODULE(metallb, initialize)
