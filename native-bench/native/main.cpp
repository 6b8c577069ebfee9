// yardsticks PROGRAM VARIANT --threads N NUMBER...
// Runs one program once and prints one line of JSON. Exit code 2 and a line on stderr for wrong arguments.
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>
#include "fib.hpp"
#include "loop.hpp"
#include "mandelbrot.hpp"
#include "matmul.hpp"
#include "nqueens.hpp"
#include "reduce.hpp"
#include "scan.hpp"
#include "skynet.hpp"
#include "sort.hpp"
#include "uts.hpp"
#ifdef __linux__
#include <signal.h>
#include <sys/prctl.h>
#endif

namespace {
const std::map<std::string, Outcome (*)(const Arguments&)> PROGRAMS{
    {"fib", fib::run},         {"loop", loop::run},     {"mandelbrot", mandelbrot::run}, {"matmul", matmul::run},
    {"nqueens", nqueens::run}, {"reduce", reduce::run}, {"scan", scan::run},             {"skynet", skynet::run},
    {"sort", sort::run},       {"uts", uts::run},
};
const std::map<std::string, Variant> VARIANTS{
    {"sequential", Variant::sequential},
    {"tbb-group", Variant::tbb_group},
    {"tbb-for", Variant::tbb_for},
    {"std-thread", Variant::std_thread},
};

// A waiting task of a deep tree runs others on its own stack.
constexpr size_t STACK_BYTES = size_t{64} << 20;

template <class T>
T named(const std::map<std::string, T>& table, const std::string& name, const char* what) {
  const auto found = table.find(name);
  if (found == table.end()) throw std::invalid_argument(std::string("no ") + what + " " + name);
  return found->second;
}

double number(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0') throw std::invalid_argument(text + " is no number");
  return value;
}

// TBB starts its threads with the first work it gets; that is not part of any program.
void start_threads(int threads) {
  std::atomic<int> here{0};
  const Stopwatch watch;
  oneapi::tbb::parallel_for(
      0, threads,
      [&](int) {
        here++;
        while (here < threads && watch.milliseconds() < 100) std::this_thread::yield();
      },
      oneapi::tbb::simple_partitioner());
}
}  // namespace

int main(int count, char** values) try {
#ifdef __linux__
  // A measured process that hangs is killed, and takes its program along.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
  const std::vector<std::string> given(values + 1, values + count);
  if (given.size() < 5 || given[2] != "--threads") {
    throw std::invalid_argument("usage: yardsticks PROGRAM VARIANT --threads N NUMBER...");
  }
  const auto program = named(PROGRAMS, given[0], "program");
  Arguments arguments{named(VARIANTS, given[1], "variant"), static_cast<int>(number(given[3])), {}};
  if (arguments.threads < 1 || arguments.threads > 1024) throw std::invalid_argument("--threads must be from 1 to 1024");
  for (size_t i = 4; i < given.size(); i++) arguments.numbers.push_back(number(given[i]));

  using oneapi::tbb::global_control;
  const global_control limit(global_control::max_allowed_parallelism, arguments.threads);
  const global_control stack(global_control::thread_stack_size, STACK_BYTES);
  if (arguments.variant == Variant::tbb_group || arguments.variant == Variant::tbb_for) start_threads(arguments.threads);

  const Outcome outcome = program(arguments);
  std::printf("{\"program\":\"%s\",\"variant\":\"%s\",\"threads\":%d,\"ms\":%.6f,\"answer\":[", given[0].c_str(),
              given[1].c_str(), arguments.threads, outcome.milliseconds);
  for (size_t i = 0; i < outcome.answer.size(); i++) {
    std::printf("%s%lld", i == 0 ? "" : ",", static_cast<long long>(outcome.answer[i]));
  }
  std::printf("]}\n");
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}
