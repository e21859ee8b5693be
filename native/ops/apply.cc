// SPDX-License-Identifier: MIT
#include "core/deferred.h"
#include "ops/copy.h"
#include "ops/recorder.h"

namespace cresset {
namespace {

thread_local Recorder* t_recorder = nullptr;

// Writing the result may clobber an argument that shares memory with it: in another layout, or, for
// ops that are not elementwise, in any.
bool clobbers(const Op& op, Args args, const Tensor& target) {
  bool found = false;
  for_each_tensor(args.subspan(1), [&](const Tensor& t, int, int) {
    found = found || (may_overlap(t, target) && !(op.elementwise && same_view(t, target)));
  });
  return found;
}

}  // namespace

Recorder* recorder() noexcept { return t_recorder; }
Recorder* set_recorder(Recorder* recorder) noexcept { return std::exchange(t_recorder, recorder); }

void need_values(const char* function) {
  if (!active_recorder()) return;
  fail(ErrorKind::State,
       "%s: compile() records the function without values, so none can be read inside it; "
       "return the tensor and read it outside",
       function);
}

void wait_to_read(const Tensor& x) {
  if (watched() && x.defined()) x.storage().wait_for_writers();
}
void wait_to_write(const Tensor& x) {
  if (!watched() || !x.defined()) return;
  materialize_readers(x.storage());
  x.storage().wait_for_runs();
}
void wait_to_read(Args args) {
  for_each_tensor(args, [](const Tensor& t, int, int) { wait_to_read(t); });
}

Tensor make_output(const Meta& meta, Args args) {
  if (meta.view_of < 0) return empty(meta.shape, meta.dtype);
  return view_of(args[meta.view_of].tensor(), meta.shape, meta.strides, meta.offset);
}

void run_call(const Op& op, Args args, Tensor* out) {
  if (op.updates && !out[0].same(args[0].tensor())) copy_into(out[0], args[0].tensor());
  if (op.call) op.call(args, out);
}

Outputs apply_op(const Op& op, Args args) {
  if (watched()) [[unlikely]] {
    if (t_recorder) return t_recorder->apply(op, args);
    wait_to_read(args);
  }
  Meta metas[kMaxOutputs];
  op.rule(args, metas);
  Outputs out;
  for (int i = 0; i < op.outputs; ++i) out.t[i] = make_output(metas[i], args);
  run_call(op, args, out.t);
  if (gradients_wanted(args)) record(op, args, out.t);
  if (metas[0].view_of >= 0) track_view(op, args, out.t[0]);
  return out;
}

bool check_in_place_result(const Op& op, Args args, const Meta& meta) {
  const Tensor& target = args[0].tensor();
  if (meta.shape != target.shape())
    fail(ErrorKind::Shape, "%s_: the result has shape %s, which does not fit into the tensor's %s",
         op.name, to_string(meta.shape).c_str(), to_string(target.shape()).c_str());
  if (category(meta.dtype) > category(target.dtype()))
    fail(ErrorKind::DType, "%s_: the result has dtype %s, which cannot be stored in a %s tensor",
         op.name, name(meta.dtype), name(target.dtype()));
  check_in_place(op, target);
  return (op.elementwise || op.updates) && meta.dtype == target.dtype() &&
         !clobbers(op, args, target);
}

Tensor apply_in_place(const Op& op, Args args) {
  const Tensor target = args[0].tensor();
  if (watched()) [[unlikely]] {
    if (t_recorder) return t_recorder->apply_in_place(op, args);
    wait_to_read(args);
    wait_to_write(target);
  }
  Meta meta[kMaxOutputs];
  op.rule(args, meta);
  const bool direct = check_in_place_result(op, args, meta[0]);
  Tensor out[kMaxOutputs];
  for (int i = 0; i < op.outputs; ++i)
    out[i] = i == 0 && direct ? target : make_output(meta[i], args);
  // The graph before the values, where writing them cannot fail: an allocation that fails while
  // recording then leaves the target as it was.
  const bool compute_last = direct && op.elementwise;
  if (!compute_last) run_call(op, args, out);
  if (gradients_wanted(args)) {
    record_in_place(op, args, target);
  } else {
    target.bump_version();
  }
  if (compute_last) run_call(op, args, out);
  if (!direct) copy_into(target, out[0]);
  return target;
}

}  // namespace cresset
