// SPDX-License-Identifier: MIT
#include <algorithm>

#include "autograd/node.h"
#include "binding/addon.h"
#include "binding/call_queue.h"
#include "data/recipe.h"
#include "graph/executor.h"
#include "graph/recorder.h"

// Recording a function and running what was recorded (lib/compile.ts).
namespace cresset::binding {
namespace {

using graph::Job;
using graph::Program;
using graph::Run;

// The recording of this thread; recordings do not nest.
struct Recording {
  napi_env env;
  napi_ref locate;
  std::unique_ptr<graph::GraphRecorder> recorder;

  ~Recording() {
    recorder.reset();
    napi_delete_reference(env, locate);
  }
  int place() const {
    napi_value function, result;
    double number = -1;
    check(env, napi_get_reference_value(env, locate, &function), "compile");
    check(env, napi_call_function(env, undefined(env), function, 0, nullptr, &result), "compile");
    napi_get_value_double(env, result, &number);
    return static_cast<int>(number);
  }
};
thread_local std::unique_ptr<Recording> t_recording;
thread_local int t_failed_site = -1;

graph::GraphRecorder& recording() {
  if (!t_recording) fail(ErrorKind::State, "compile: nothing is being recorded");
  return *t_recording->recorder;
}

// startRecording(locate)
napi_value start_recording(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "compile");
    if (t_recording) fail(ErrorKind::State, "compile: a function is being recorded already");
    auto started = std::make_unique<Recording>();
    started->env = env;
    check(env, napi_create_reference(env, args[0], 1, &started->locate), "compile");
    started->recorder = std::make_unique<graph::GraphRecorder>(
        [recording = started.get()] { return recording->place(); });
    t_recording = std::move(started);
    return undefined(env);
  });
}

// addInput(like): the tensor that stands for it
napi_value add_input(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "compile");
    const Tensor like = args.tensor(0, "argument", Needs::Description);
    if (requires_grad(like) && !is_leaf(like))
      fail(ErrorKind::State,
           "compile: an argument is the result of a recorded operation; detach() it first");
    return make_handle(env, recording().add_input(like));
  });
}

// addNumbers(n): a vector of n, or for 0 a number
napi_value add_numbers(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "compile");
    const int64_t n = args.integer(0, "n");
    return make_handle(env, n ? recording().add_numbers(n) : recording().add_number());
  });
}

// pauseRecording(paused): calls run for a while
napi_value pause_recording(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "compile");
    set_recorder(args.boolean(0, "paused") ? nullptr : &recording());
    return undefined(env);
  });
}

void drop_program(napi_env, void* data, void*) {
  delete static_cast<std::shared_ptr<Program>*>(data);
}

Program& program_of(const CallArgs& args, size_t at) {
  return *args.external<std::shared_ptr<Program>>(at);
}

// finishRecording(outputs): the program; without outputs the recording is dropped
napi_value finish_recording(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "compile");
    const auto finished = std::move(t_recording);
    if (!finished || !args.given(0)) return undefined(env);
    graph::Graph graph = finished->recorder->finish(args.tensors(0, "outputs"));
    return make_external(env, new std::shared_ptr<Program>(Program::build(std::move(graph))),
                         drop_program);
  });
}

// accepts(program, inputs)
napi_value accepts(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "compile");
    const Tensors inputs = args.tensors(1, "arguments", false, Needs::Description);
    for (const Tensor& x : inputs)
      if (!is_leaf(x))
        fail(ErrorKind::State,
             "compile: an argument is the result of a recorded operation; detach() it first");
    return to_js(env, program_of(args, 0).accepts(inputs));
  });
}

// What runs take besides tensors, of all runs one after the other: (…, numbers, draws) of a call.
struct Given {
  std::span<const double> numbers;
  std::span<const int64_t> draws;

  Given(const CallArgs& args, const Program& program, int64_t count)
      : numbers(array_of<double>(args, 2, napi_float64_array)),
        draws(array_of<int64_t>(args, 3, napi_bigint64_array)) {
    if (static_cast<int64_t>(numbers.size()) < count * program.number_count() ||
        static_cast<int64_t>(draws.size()) < count * 2 * program.draw_count())
      fail(ErrorKind::Range, "%s: %zu numbers and %zu draws are too few", args.function,
           numbers.size(), draws.size());
  }
  Ref<Run> prepare(Program& program, const Tensors& inputs, int64_t run) const {
    return program.prepare(inputs, numbers.data() + run * program.number_count(),
                           draws.data() + run * 2 * program.draw_count());
  }
};
Tensors inputs_of(const CallArgs& args) {
  return args.tensors(1, "arguments", false, Needs::Description);
}

// replay(program, inputs, numbers, draws): the results
napi_value replay(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "compile");
    Program& program = program_of(args, 0);
    program.for_each_shared([&](Storage& x) { check_memory(args.owner, x); });
    const Ref<Run> run = Given(args, program, 1).prepare(program, inputs_of(args), 0);
    run->program->wait(*run);
    run->program->execute(*run);
    t_failed_site = run->failed_site;
    if (run->failed) throw run->error;
    return to_js(env, run->program->results(*run));
  });
}

// Where the last replay failed.
napi_value failed_site(napi_env env, napi_callback_info) {
  return guarded(env, [&] { return to_js(env, static_cast<int64_t>(t_failed_site)); });
}

napi_value error_value(napi_env env, const Error& error) {
  napi_value value;
  throw_error(env, error);
  napi_get_and_clear_last_exception(env, &value);
  return value;
}

// Of all runs, one after the other.
Tensors results_of(const Job& job) {
  Tensors results;
  for (const auto& run : job.runs)
    for (const Tensor& x : run->program->results(*run)) results.push_back(x);
  return results;
}

// settle(id, error, failedSite, results) in JavaScript.
void settle_job(napi_env env, napi_value function, void* posted) {
  const std::unique_ptr<Job> job(static_cast<Job*>(posted));
  if (!env) return;
  guarded(env, [&] {
    napi_value null, result;
    napi_get_null(env, &null);
    napi_value args[] = {to_js(env, job->id), null, to_js(env, int64_t{-1}), null};
    const auto failed = std::ranges::find_if(
        job->runs, [](const Ref<Run>& run) { return run->failed_before_results(); });
    if (failed != job->runs.end()) {
      args[1] = error_value(env, (*failed)->error);
      args[2] = to_js(env, int64_t{(*failed)->failed_site});
    } else {
      try {
        args[3] = to_js(env, results_of(*job));
      } catch (const Error& error) {
        args[1] = error_value(env, error);
      }
    }
    check(env, napi_call_function(env, undefined(env), function, 4, args, &result), "run");
    return undefined(env);
  });
}

constexpr CallQueue::Kind kRuns = {"cresset run", settle_job, graph::cancel_all};

// openQueue(settle), once for an environment
napi_value open_queue(napi_env env, napi_callback_info info) {
  return guarded(env, [&] { return CallQueue::open<kRuns>(CallArgs(env, info, "run"), 0); });
}

// openSequence(): of jobs, for submitRuns
napi_value open_sequence(napi_env env, napi_callback_info) {
  return guarded(env, [&] {
    const auto drop = [](napi_env, void* data, void*) {
      delete static_cast<graph::Stopped*>(data);
    };
    return make_external(env, new graph::Stopped(new std::atomic<bool>(false)), drop);
  });
}

// stopSequence(sequence): no run of it begins any more
napi_value stop_sequence(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    CallArgs(env, info, "run").external<graph::Stopped>(0)->store(true);
    return undefined(env);
  });
}

// The rows of all runs that gather theirs: (…, recipe, rows) of a call.
struct GivenRows {
  std::shared_ptr<const data::Recipe> recipe;
  PooledVector<int64_t> rows;

  GivenRows(const CallArgs& args, size_t at) {
    if (!args.given(at)) return;
    recipe = args.external<std::shared_ptr<const data::Recipe>>(at);
    const auto given = array_of<int32_t>(args, at + 1, napi_int32_array);
    rows.assign(given.begin(), given.end());
    data::check_rows(*recipe, rows);
    for (const data::Column& column : recipe->columns) check_memory(args.owner, column.source);
  }
  Tensors batch(int64_t i, int64_t count) const {
    const size_t size = rows.size() / count;
    return data::defer(recipe, std::span(rows).subspan(i * size, size));
  }
};

// submitRuns(program, inputs, numbers, draws, count, queue, id, sequence?, recipe?, rows?): inputs
// of the first runs, and rows of those after them
napi_value submit(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "run");
    Program& program = program_of(args, 0);
    program.need_own_memory();
    const int64_t count = args.integer(4, "count");
    auto& queue = args.external<CallQueue>(5);
    const Given given(args, program, count);
    const GivenRows rows(args, 8);
    const Tensors inputs = inputs_of(args);
    const int64_t own = program.input_count();
    const int64_t first = rows.recipe ? static_cast<int64_t>(inputs.size()) / own : count;
    auto job = std::make_unique<Job>();
    for (int64_t i = 0; i < count; ++i) {
      const Tensors x = i < first
                            ? Tensors(inputs.begin() + i * own, inputs.begin() + (i + 1) * own)
                            : rows.batch(i - first, count - first);
      job->runs.push_back(given.prepare(program, x, i));
      job->runs.back()->own_inputs();
    }
    job->owner = &queue;
    job->id = args.integer(6, "id");
    if (args.given(7)) job->stopped = args.external<graph::Stopped>(7);
    job->done = [](Job* done) {
      if (!static_cast<CallQueue*>(done->owner)->post(done)) delete done;
    };
    graph::submit(std::move(job));
    queue.expect();
    return undefined(env);
  });
}

// cancelRuns(queue, id): had it not begun?
napi_value cancel(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "run");
    auto& queue = args.external<CallQueue>(0);
    const bool cancelled = graph::cancel(&queue, args.integer(1, "id")) != nullptr;
    if (cancelled) queue.forget();
    return to_js(env, cancelled);
  });
}

void set(napi_env env, napi_value object, const char* key, napi_value value) {
  check(env, napi_set_named_property(env, object, key, value), key);
}

template <class List, class F>
napi_value array(napi_env env, const List& list, F f) {
  napi_value out;
  uint32_t i = 0;
  check(env, napi_create_array(env, &out), "explain");
  for (const auto& item : list) check(env, napi_set_element(env, out, i++, f(item)), "explain");
  return out;
}

// explainProgram(program)
napi_value explain_program(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "explain");
    Program& program = program_of(args, 0);
    const graph::Report& report = program.report();
    napi_value object;
    check(env, napi_create_object(env, &object), "explain");
    const auto number = [&](const char* key, int64_t n) { set(env, object, key, to_js(env, n)); };
    set(env, object, "ops", array(env, program.code(), [&](const graph::Instruction& i) {
          return to_js(env, i.op->name);
        }));
    set(env, object, "sites", array(env, program.code(), [&](const graph::Instruction& i) {
          return to_js(env, static_cast<int64_t>(i.site));
        }));
    set(env, object, "fused", array(env, report.fused, [&](const std::string& names) {
          return to_js(env, names.c_str());
        }));
    number("recorded", report.recorded);
    number("dead", report.dead);
    number("repeated", report.repeated);
    number("copies", report.copies);
    number("before", report.separate);
    number("after", report.arena);
    return object;
  });
}

}  // namespace

void define_graph(napi_env env, napi_value exports) {
  define(env, exports, "startRecording", start_recording);
  define(env, exports, "addInput", add_input);
  define(env, exports, "addNumbers", add_numbers);
  define(env, exports, "pauseRecording", pause_recording);
  define(env, exports, "finishRecording", finish_recording);
  define(env, exports, "accepts", accepts);
  define(env, exports, "replay", replay);
  define(env, exports, "failedSite", failed_site);
  define(env, exports, "openQueue", open_queue);
  define(env, exports, "openSequence", open_sequence);
  define(env, exports, "stopSequence", stop_sequence);
  define(env, exports, "submitRuns", submit);
  define(env, exports, "cancelRuns", cancel);
  define(env, exports, "explainProgram", explain_program);
}

}  // namespace cresset::binding
