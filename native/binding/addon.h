// SPDX-License-Identifier: MIT
#pragma once
#include <node_api.h>

// What each file of the binding adds to the addon's exports.
namespace cresset::binding {

void define_runtime(napi_env env, napi_value exports);  // memory, threads, instruction sets
void define_tensor(napi_env env, napi_value exports);   // creation, reading, metadata
void define_ops(napi_env env, napi_value exports);      // the registry
void define_autograd(napi_env env, napi_value exports);
void define_optim(napi_env env, napi_value exports);
void define_data(napi_env env, napi_value exports);      // batches prepared in the background
void define_graph(napi_env env, napi_value exports);     // recorded functions and their runs
void define_function(napi_env env, napi_value exports);  // gradients written in JavaScript

}  // namespace cresset::binding
