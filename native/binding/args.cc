// SPDX-License-Identifier: MIT
#include "binding/args.h"

#include <cmath>
#include <cstring>

namespace cresset::binding {
namespace {

Kind kind_of(const std::string& text) {
  static const std::pair<const char*, Kind> kinds[] = {
      {"Tensor", Kind::Tensor},    {"Scalar", Kind::Scalar}, {"int", Kind::Int},
      {"float", Kind::Float},      {"bool", Kind::Bool},     {"int[]", Kind::Ints},
      {"Tensor[]", Kind::Tensors}, {"dtype", Kind::DType}};
  for (const auto& [name, kind] : kinds)
    if (text == name) return kind;
  fail(ErrorKind::Type, "unknown kind '%s' in an op's signature", text.c_str());
}

// Numbers with a whole value; bigints in the range of int64.
bool read_integer(napi_env env, napi_value value, int64_t* out) {
  double number;
  if (napi_get_value_double(env, value, &number) == napi_ok) {
    if (!(std::fabs(number) <= 0x1p53) || number != std::floor(number)) return false;
    *out = static_cast<int64_t>(number);
    return true;
  }
  bool lossless = false;
  return napi_get_value_bigint_int64(env, value, out, &lossless) == napi_ok && lossless;
}

const char* type_name(napi_valuetype type) {
  static const char* const names[] = {"undefined", "null",     "a boolean", "a number",
                                      "a string",  "a symbol", "an object", "a function",
                                      "a tensor",  "a bigint"};
  return names[type];
}

}  // namespace

std::vector<Param> parse_signature(const char* signature) {
  std::vector<Param> params;
  const std::string text(signature, std::strstr(signature, " -> ") - signature);
  for (size_t at = 0; at < text.size();) {
    size_t end = text.find(", ", at);
    if (end == std::string::npos) end = text.size();
    const size_t colon = text.find(": ", at);
    std::string kind = text.substr(colon + 2, end - colon - 2);
    const bool optional = kind.back() == '?';
    if (optional) kind.pop_back();
    params.push_back({text.substr(at, colon - at), kind_of(kind), optional});
    at = end + 2;
  }
  return params;
}

CallArgs::CallArgs(napi_env env, napi_callback_info info, const char* function)
    : env(env), owner(env_of(env)), function(function) {
  size_t count = kMaxCallArgs;
  check(env, napi_get_cb_info(env, info, &count, values_, nullptr, &data), function);
}

napi_valuetype CallArgs::type(size_t i) const {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, values_[i], &type);
  return type;
}

bool CallArgs::given(size_t i) const {
  const napi_valuetype t = type(i);
  return t != napi_undefined && t != napi_null;
}

void CallArgs::wrong(size_t i, const char* name, const char* expected) const {
  double number;
  const napi_valuetype t = type(i);
  if (t == napi_number && napi_get_value_double(env, values_[i], &number) == napi_ok)
    fail(ErrorKind::Type, "%s: %s: expected %s, got the number %.17g", function, name, expected,
         number);
  fail(ErrorKind::Type, "%s: %s: expected %s, got %s", function, name, expected, type_name(t));
}

Tensor CallArgs::handle(size_t i, Needs needs) const {
  void* data = nullptr;
  if (napi_get_value_external(env, values_[i], &data) != napi_ok || !data) return Tensor();
  Tensor x(Ref<TensorImpl>::share(static_cast<TensorImpl*>(data)));
  check_memory(owner, x, needs);
  return x;
}

Tensor CallArgs::tensor(size_t i, const char* name, Needs needs) const {
  Tensor x = handle(i, needs);
  if (!x.defined()) wrong(i, name, "a Tensor");
  return x;
}

Tensor CallArgs::optional_tensor(size_t i, const char* name) const {
  return given(i) ? tensor(i, name) : Tensor();
}

Tensor CallArgs::scalar(size_t i, const char* name) const {
  if (Tensor x = handle(i); x.defined()) return x;
  double number;
  int64_t integer;
  bool flag;
  switch (type(i)) {
    case napi_number:
      napi_get_value_double(env, values_[i], &number);
      if (std::fabs(number) <= 0x1p53 && number == std::floor(number))
        return wrapped_scalar(static_cast<int64_t>(number));
      return wrapped_scalar(number);
    case napi_bigint:
      if (!read_integer(env, values_[i], &integer))
        wrong(i, name, "a bigint in the range of int64");
      return wrapped_scalar(integer);
    case napi_boolean:
      napi_get_value_bool(env, values_[i], &flag);
      return wrapped_scalar(flag);
    default:
      wrong(i, name, "a Tensor or a number");
  }
}

int64_t CallArgs::integer(size_t i, const char* name) const {
  int64_t value;
  if (!read_integer(env, values_[i], &value)) wrong(i, name, "an integer");
  return value;
}

double CallArgs::number(size_t i, const char* name) const {
  double value;
  if (napi_get_value_double(env, values_[i], &value) != napi_ok) wrong(i, name, "a number");
  return value;
}

bool CallArgs::boolean(size_t i, const char* name) const {
  bool value;
  if (napi_get_value_bool(env, values_[i], &value) != napi_ok) wrong(i, name, "a boolean");
  return value;
}

Dims CallArgs::dims(size_t i, const char* name) const {
  bool is_array = false;
  uint32_t length = 0;
  napi_is_array(env, values_[i], &is_array);
  if (!is_array) wrong(i, name, "an array of integers");
  check(env, napi_get_array_length(env, values_[i], &length), function);
  if (length > kMaxDims)
    fail(ErrorKind::Shape, "%s: %s: got %u entries, a tensor has at most %d dimensions", function,
         name, length, kMaxDims);
  Dims out;
  for (uint32_t k = 0; k < length; ++k) {
    napi_value element;
    int64_t value;
    check(env, napi_get_element(env, values_[i], k, &element), function);
    if (!read_integer(env, element, &value))
      fail(ErrorKind::Type, "%s: %s[%u]: expected an integer", function, name, k);
    out.push_back(value);
  }
  return out;
}

Tensors CallArgs::tensors(size_t i, const char* name, bool allow_missing, Needs needs) const {
  bool is_array = false;
  uint32_t length = 0;
  napi_is_array(env, values_[i], &is_array);
  if (!is_array) wrong(i, name, "an array of tensors");
  check(env, napi_get_array_length(env, values_[i], &length), function);
  Tensors out;
  for (uint32_t k = 0; k < length; ++k) {
    napi_value element;
    napi_valuetype t;
    check(env, napi_get_element(env, values_[i], k, &element), function);
    check(env, napi_typeof(env, element, &t), function);
    if (allow_missing && (t == napi_undefined || t == napi_null)) {
      out.emplace_back();
      continue;
    }
    if (t != napi_external)
      fail(ErrorKind::Type, "%s: %s[%u]: expected a Tensor, got %s", function, name, k,
           type_name(t));
    out.push_back(tensor_from(env, element, function, needs));
  }
  return out;
}

std::string CallArgs::string(size_t i, const char* name) const {
  char text[256];
  size_t length;
  if (napi_get_value_string_utf8(env, values_[i], text, sizeof text, &length) != napi_ok)
    wrong(i, name, "a string");
  return std::string(text, length);
}

DType CallArgs::dtype(size_t i, const char* name) const {
  const std::string text = string(i, name);
  for (int k = 0; k < kDTypeCount; ++k)
    if (text == kDTypeInfo[k].name) return static_cast<DType>(k);
  fail(ErrorKind::DType,
       "%s: %s: unknown dtype '%s' (expected float32, float64, bfloat16, float16, int64, int32, "
       "int16, int8, uint8 or bool)",
       function, name, text.c_str());
}

Value CallArgs::value(size_t i, const Param& param) const {
  const char* name = param.name.c_str();
  if (param.optional && !given(i)) return Value();
  switch (param.kind) {
    case Kind::Tensor:
      return tensor(i, name);
    case Kind::Scalar:
      return scalar(i, name);
    case Kind::Int:
      return integer(i, name);
    case Kind::Float:
      return number(i, name);
    case Kind::Bool:
      return boolean(i, name);
    case Kind::Ints:
      return dims(i, name);
    case Kind::Tensors:
      return tensors(i, name);
    case Kind::DType:
      return dtype(i, name);
  }
  return Value();
}

napi_value undefined(napi_env env) {
  napi_value value;
  napi_get_undefined(env, &value);
  return value;
}

napi_value make_external(napi_env env, void* data, napi_finalize drop) {
  napi_value handle;
  const napi_status status = napi_create_external(env, data, drop, nullptr, &handle);
  if (status != napi_ok && drop) drop(env, data, nullptr);
  check(env, status, "external");
  return handle;
}
napi_value to_js(napi_env env, int64_t v) {
  napi_value value;
  check(env, napi_create_int64(env, v, &value), "integer");
  return value;
}
napi_value to_js(napi_env env, double v) {
  napi_value value;
  check(env, napi_create_double(env, v, &value), "number");
  return value;
}
napi_value to_js(napi_env env, bool v) {
  napi_value value;
  check(env, napi_get_boolean(env, v, &value), "boolean");
  return value;
}
napi_value to_js(napi_env env, const char* v) {
  napi_value value;
  check(env, napi_create_string_utf8(env, v, NAPI_AUTO_LENGTH, &value), "string");
  return value;
}
napi_value to_js(napi_env env, const Dims& dims) {
  napi_value array;
  check(env, napi_create_array_with_length(env, dims.size(), &array), "array");
  for (int i = 0; i < dims.size(); ++i)
    check(env, napi_set_element(env, array, i, to_js(env, dims[i])), "array");
  return array;
}
napi_value to_js(napi_env env, const Tensors& tensors) {
  napi_value array, null;
  napi_get_null(env, &null);
  check(env, napi_create_array_with_length(env, tensors.size(), &array), "array");
  for (size_t i = 0; i < tensors.size(); ++i)
    check(
        env,
        napi_set_element(env, array, i, tensors[i].defined() ? make_handle(env, tensors[i]) : null),
        "array");
  return array;
}

}  // namespace cresset::binding
