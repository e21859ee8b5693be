// SPDX-License-Identifier: MIT
#include "autograd/node.h"
#include "binding/addon.h"
#include "binding/args.h"
#include "data/preparer.h"

// Batches made of rows, now or on the thread that prepares them (lib/data/recipe.ts).
namespace cresset::binding {
namespace {

using data::Column;
using data::Job;
using data::Recipe;

template <class T>
std::span<const T> array_of(const CallArgs& args, size_t at, napi_typedarray_type expected) {
  void* data = nullptr;
  size_t length = 0;
  napi_typedarray_type type;
  const napi_status status =
      napi_get_typedarray_info(args.env, args[at], &type, &length, &data, nullptr, nullptr);
  check(args.env, status, args.function);
  if (type != expected) fail(ErrorKind::Type, "%s: another typed array", args.function);
  return {static_cast<const T*>(data), length};
}

// Of rows as they lie there, or of images [N, H, W] as [1, H, W].
Column column_of(const Tensor& source, const double* scale) {
  Column column = {source, scale != nullptr, 0, 1, {}, nullptr};
  if (scale) {
    column.mean = static_cast<float>(scale[0]);
    column.std = static_cast<float>(scale[1]);
    column.row.push_back(1);
  }
  for (int i = 1; i < source.ndim(); ++i) column.row.push_back(source.size(i));
  return column;
}

// What lib/vision/plan.ts writes: numbers one after the other.
class PlanReader {
 public:
  explicit PlanReader(std::span<const double> plan) : plan_(plan) {}
  double number() {
    if (plan_.empty()) fail(ErrorKind::Range, "batch: the plan ends early");
    const double first = plan_.front();
    plan_ = plan_.subspan(1);
    return first;
  }
  int integer() { return static_cast<int>(number()); }
  std::vector<float> floats(int n) {
    std::vector<float> out;
    for (int i = 0; i < n; ++i) out.push_back(static_cast<float>(number()));
    return out;
  }
  data::Step step() {
    data::Step step{};
    step.kind = static_cast<data::Step::Kind>(integer());
    for (int* side : {&step.left, &step.top, &step.right, &step.bottom}) *side = integer();
    step.border = static_cast<data::Border>(integer());
    step.fill = integer();
    step.height = integer();
    step.width = integer();
    step.p = number();
    return step;
  }

 private:
  std::span<const double> plan_;
};

std::shared_ptr<const data::Augment> read_plan(std::span<const double> numbers) {
  PlanReader plan(numbers);
  auto augment = std::make_shared<data::Augment>();
  for (int* size : {&augment->channels, &augment->height, &augment->width, &augment->out_height,
                    &augment->out_width})
    *size = plan.integer();
  augment->mean = plan.floats(augment->channels);
  augment->std = plan.floats(augment->channels);
  augment->fills = plan.floats(plan.integer() * augment->channels);
  for (int n = plan.integer(); n > 0; --n) augment->steps.push_back(plan.step());
  return augment;
}

Column augmented(const Tensor& source, std::shared_ptr<const data::Augment> plan) {
  const Dims row = {plan->channels, plan->out_height, plan->out_width};
  return {source, true, 0, 1, row, std::move(plan)};
}

// By another thread, without a graph and at any time.
bool readable_behind(const Tensor& x) {
  return x.contiguous() && x.storage().data && !is_shared(x) && !requires_grad(x);
}

void drop_recipe(napi_env, void* data, void*) {
  delete static_cast<std::shared_ptr<const Recipe>*>(data);
}

// makeRecipe(images, scales, rows, plan?): the columns of a batch; null if the sources cannot be
// read in the background
napi_value make_recipe(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "batch");
    const Tensors images = args.tensors(0, "images"), rows = args.tensors(2, "rows");
    const auto scales = array_of<double>(args, 1, napi_float64_array);
    auto recipe = std::make_shared<Recipe>();
    const bool planned = args.given(3);
    for (size_t i = 0; i < images.size(); ++i)
      recipe->columns.push_back(
          planned ? augmented(images[i], read_plan(array_of<double>(args, 3, napi_float64_array)))
                  : column_of(images[i], scales.data() + 2 * i));
    for (const Tensor& x : rows) recipe->columns.push_back(column_of(x, nullptr));
    recipe->count = recipe->columns.front().source.size(0);
    napi_value external;
    napi_get_null(env, &external);
    for (const Column& column : recipe->columns)
      if (!readable_behind(column.source)) return external;
    auto* const made = new std::shared_ptr<const Recipe>(std::move(recipe));
    const napi_status status = napi_create_external(env, made, drop_recipe, nullptr, &external);
    if (status != napi_ok) drop_recipe(env, made, nullptr);
    check(env, status, "batch");
    return external;
  });
}

// The way back from the thread: ready(id) in JavaScript.
struct Queue {
  napi_env env;
  napi_threadsafe_function ready = nullptr;
  int awaited = 0;
};

void call_ready(napi_env env, napi_value function, void* context, void* data) {
  if (!env) return;
  auto& queue = *static_cast<Queue*>(context);
  if (--queue.awaited == 0) napi_unref_threadsafe_function(env, queue.ready);
  guarded(env, [&] {
    napi_value result;
    const napi_value id = to_js(env, static_cast<int64_t>(reinterpret_cast<intptr_t>(data)));
    check(env, napi_call_function(env, undefined(env), function, 1, &id, &result), "batch");
    return undefined(env);
  });
}

void close_queue(void* data) {
  auto* queue = static_cast<Queue*>(data);
  data::cancel_all(queue);
  napi_release_threadsafe_function(queue->ready, napi_tsfn_abort);
}

void drop_queue(napi_env, void* data, void*) { delete static_cast<Queue*>(data); }

// openBatches(ready), once for an environment
napi_value open_batches(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "batch");
    auto queue = std::make_unique<Queue>();
    queue->env = env;
    const napi_value name = to_js(env, "cresset batches");
    check(env,
          napi_create_threadsafe_function(env, args[0], nullptr, name, 0, 1, queue.get(),
                                          drop_queue, queue.get(), call_ready, &queue->ready),
          "batch");
    napi_unref_threadsafe_function(env, queue->ready);
    napi_add_env_cleanup_hook(env, close_queue, queue.get());
    napi_value external;
    check(env, napi_create_external(env, queue.release(), nullptr, nullptr, &external), "batch");
    return external;
  });
}

template <class T>
T& external_of(const CallArgs& args, size_t at) {
  void* data = nullptr;
  check(args.env, napi_get_value_external(args.env, args[at], &data), args.function);
  return *static_cast<T*>(data);
}

void drop_job(napi_env, void* data, void*) { const Ref<Job> last(static_cast<Job*>(data)); }

using SharedRecipe = std::shared_ptr<const Recipe>;

// Positions, all of them inside the sources, whose memory is still there.
PooledVector<int64_t> checked_rows(const CallArgs& args, const Recipe& recipe, size_t at) {
  const auto given = array_of<int32_t>(args, at, napi_int32_array);
  const PooledVector<int64_t> rows(given.begin(), given.end());
  data::check_rows(recipe, rows);
  for (const Column& column : recipe.columns) check_memory(args.owner, column.source);
  return rows;
}

// deferBatch(recipe, rows): a batch that compiled functions gather
napi_value defer_batch(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "batch");
    const auto& recipe = external_of<SharedRecipe>(args, 0);
    return to_js(env, data::defer(recipe, checked_rows(args, *recipe, 1)));
  });
}

// prepareBatch(recipe, rows, queue, id, seed, first): null if it is to be deferred
napi_value prepare_batch(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "batch");
    const auto& recipe = external_of<SharedRecipe>(args, 0);
    Ref<Job> job(new Job);
    job->recipe = recipe;
    job->rows = checked_rows(args, *recipe, 1);
    const auto count = static_cast<int64_t>(job->rows.size());
    napi_value external;
    napi_get_null(env, &external);
    if (data::defers(*recipe, count)) return external;
    job->batch = data::make_room(*recipe, count);
    job->owner = &external_of<Queue>(args, 2);
    job->id = args.integer(3, "id");
    job->visits = {static_cast<uint64_t>(args.integer(4, "seed")), args.integer(5, "first")};
    job->notify = [](Job* ready) {
      const auto* queue = static_cast<Queue*>(ready->owner);
      napi_call_threadsafe_function(queue->ready, reinterpret_cast<void*>(ready->id),
                                    napi_tsfn_nonblocking);
    };
    check(env, napi_create_external(env, Ref<Job>(job).release(), drop_job, nullptr, &external),
          "batch");
    data::submit(job);
    return external;
  });
}

// takeBatch(job): its tensors, or null if they are not ready
napi_value take_batch(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "batch");
    Job& job = external_of<Job>(args, 0);
    napi_value null;
    napi_get_null(env, &null);
    return job.ready() ? to_js(env, job.take()) : null;
  });
}

// awaitBatch(job): will the queue's function be called? Else it is ready now
napi_value await_batch(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "batch");
    Job& job = external_of<Job>(args, 0);
    auto& queue = *static_cast<Queue*>(job.owner);
    const bool awaited = job.await();
    if (awaited && queue.awaited++ == 0) napi_ref_threadsafe_function(env, queue.ready);
    return to_js(env, awaited);
  });
}

}  // namespace

void define_data(napi_env env, napi_value exports) {
  define(env, exports, "makeRecipe", make_recipe);
  define(env, exports, "openBatches", open_batches);
  define(env, exports, "deferBatch", defer_batch);
  define(env, exports, "prepareBatch", prepare_batch);
  define(env, exports, "takeBatch", take_batch);
  define(env, exports, "awaitBatch", await_batch);
}

}  // namespace cresset::binding
