// SPDX-License-Identifier: Apache-2.0
// Reading a whole catalog, connection included, as `plan` does for each live source. CONTRAFLOW_BENCH_URL names the database.
#include <benchmark/benchmark.h>

#include <cstdlib>

#include "catalog/read.h"
#include "pg/connection.h"

namespace {

void introspection(benchmark::State& state) {
  const char* url = std::getenv("CONTRAFLOW_BENCH_URL");
  if (url == nullptr) {
    state.SkipWithError("CONTRAFLOW_BENCH_URL is not set");
    return;
  }
  std::size_t objects = 0;
  for (auto _ : state) {
    contraflow::pg::Connection connection(url);
    objects = contraflow::catalog::read(connection).objects.size();
  }
  state.counters["objects"] = static_cast<double>(objects);
}
BENCHMARK(introspection)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
