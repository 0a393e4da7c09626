// The addon's parts, each of which adds its functions to the exports.
#pragma once

#include <node_api.h>

namespace bulwark {

void registerObjects(napi_env env, napi_value exports);
void registerMaps(napi_env env, napi_value exports);
void registerMemory(napi_env env, napi_value exports);
void registerPrograms(napi_env env, napi_value exports);
void registerLineKeepers(napi_env env, napi_value exports);
void registerLinks(napi_env env, napi_value exports);
void registerRings(napi_env env, napi_value exports);
void registerSockets(napi_env env, napi_value exports);
void registerKernel(napi_env env, napi_value exports);
void registerKernelFiles(napi_env env, napi_value exports);
void registerTypes(napi_env env, napi_value exports);

} // namespace bulwark
