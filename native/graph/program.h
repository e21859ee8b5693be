// SPDX-License-Identifier: MIT
#pragma once
#include <atomic>
#include <chrono>
#include <functional>
#include <string>

#include "core/deferred.h"
#include "core/error.h"
#include "graph/graph.h"

namespace cresset::graph {

// Whose memory a storage of the program is.
enum class Role : uint8_t { Temporary, Input, Number, Output, Gradient };

// What the passes did, for `explain`.
struct Report {
  std::vector<std::string> fused;
  int recorded = 0;      // instructions before the passes
  int dead = 0;          // of those: not needed,
  int repeated = 0;      // computed already,
  int copies = 0;        // mere copies
  int64_t separate = 0;  // bytes of all temporaries
  int64_t arena = 0;     // bytes of the memory they share
};

class Program;

// One execution: what it reads and writes besides the program's own memory.
struct Run : Pooled {
  std::atomic<int32_t> refs{1};
  static void destroy(Run* run) noexcept { delete run; }

  std::shared_ptr<Program> program;
  Tensors inputs;                     // contiguous, as the program's
  PooledVector<Ref<Source>> sources;  // of inputs without memory; else null
  Tensors entries;                    // gradients that are there before, as the program's slots
  PooledVector<Ref<Storage>> outputs;
  PooledVector<double> numbers;
  PooledVector<int64_t> draws;  // seed and offset of each

  bool given = false;  // its results are told of already
  bool failed = false;
  Error error{ErrorKind::State, ""};
  int failed_site = -1;

  // A run whose results are given may still go on, and fail, on another thread.
  bool failed_before_results() const { return !given && failed; }
  // Copies inputs on the memory of JavaScript buffers, which may be taken away meanwhile.
  void own_inputs();
};

// A recorded function ready to run: every tensor of its instructions lies in memory already, so a
// run calls one kernel after the other and allocates nothing of its own.
class Program : public std::enable_shared_from_this<Program> {
 public:
  static std::shared_ptr<Program> build(Graph graph);
  ~Program();

  // Was it recorded for arguments like these, with gradients present and wanted as now?
  bool accepts(const Tensors& inputs) const;
  // Everything a run needs; gradients of leaves are set to where the run will write them.
  // numbers and draws hold what the graph asked for, in order.
  Ref<Run> prepare(const Tensors& inputs, const double* numbers, const int64_t* draws);
  // Stops between two instructions when `cancelled` is set. Calls `give`, once, where the results
  // are there and what is left is short and refuses no value: the run ends as a whole then.
  void execute(Run& run, const std::atomic<bool>* cancelled = nullptr,
               const std::function<void()>& give = {});
  // What the run's call returns: tensors on its outputs, its inputs or from outside.
  Tensors results(const Run& run) const;

  // Everything from outside that a run uses, and its results, are marked as in use, or no longer;
  // waits until other runs are through with it.
  void mark(const Run& run, bool begins) const;
  void wait(const Run& run) const;

  int64_t input_count() const { return static_cast<int64_t>(inputs_.size()); }
  int64_t number_count() const { return number_count_; }
  int64_t draw_count() const { return draw_count_; }
  const std::vector<Instruction>& code() const { return code_; }
  Report& report() { return report_; }
  // Calls f(storage) for memory from outside that belongs to a JavaScript buffer, which may go
  // away.
  template <class F>
  void for_each_shared(F f) const {
    for (const External& external : externals_)
      if (external.storage->release) f(*external.storage);
  }
  // State error if there is some.
  void need_own_memory() const;

 private:
  friend struct Builder;
  struct External {
    Ref<Storage> storage;
    bool written;
  };
  struct Result {
    Tensor tensor;
    int input = -1;  // lies in this input's memory
    int output = -1;
  };
  struct Slot {
    Tensor leaf;
    int input = -1;  // the leaf is this input
    bool read, present;
    Tensor entry;
    bool keeps = false;  // the gradient stays what it is
    Tensor after;
    int output = -1;  // `after` lies in this output, as the leaf differs from run to run
  };

  void add_input(Run& run, size_t i, const Tensor& x);
  const Tensor& leaf_of(const Slot& slot, const Tensors& inputs) const {
    return slot.input >= 0 ? inputs[slot.input] : slot.leaf;
  }
  void check_aliases(const Tensors& inputs) const;
  void set_gradients(const Run& run, const Tensors& inputs) const;
  Tensor on_output(const Run& run, const Tensor& x, int output) const;
  template <class F>
  void for_each_external(const Run& run, F f) const;
  void give_results(Run& run) const;
  void run_instruction(Run& run, Instruction& i);
  void bind(Run& run);
  void unbind();

  std::vector<Instruction> code_;
  Tensors inputs_, numbers_;
  std::vector<Ref<Storage>> input_memory_;  // for those without any
  std::vector<bool> input_needs_grad_, input_written_;
  std::vector<Slot> slots_;
  std::vector<std::pair<Tensor, bool>> leaves_;
  std::vector<External> externals_;
  std::vector<Ref<Storage>> outputs_;  // placeholders
  std::vector<Result> results_;
  size_t given_after_ = 0;  // the number of instructions after which `give` may be called
  // How long the last run took from there on.
  std::chrono::nanoseconds rest_ = std::chrono::nanoseconds::max();
  // A run failed after its results were given: the next call throws `late_error_`.
  std::atomic<bool> failed_late_{false};
  Error late_error_{ErrorKind::State, ""};
  std::vector<Ref<Storage>> placeholders_;  // all of them; emptied in the end
  Ref<Storage> arena_;
  int64_t number_count_ = 0, draw_count_ = 0;
  Report report_;
};

}  // namespace cresset::graph
