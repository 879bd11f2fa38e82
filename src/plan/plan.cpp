// SPDX-License-Identifier: Apache-2.0
#include "plan/plan.h"

#include <stdexcept>

namespace contraflow::plan {

std::string_view phase_name(Phase phase) {
  switch (phase) {
    case Phase::expand: return "expand";
    case Phase::backfill: return "backfill";
    case Phase::contract: return "contract";
    case Phase::purge: return "purge";
  }
  throw std::logic_error("internal error: phase out of range");
}

std::string_view mode_name(Mode mode) {
  switch (mode) {
    case Mode::none: return "none";
    case Mode::brief: return "brief";
    case Mode::scan: return "scan";
    case Mode::concurrent: return "concurrent";
    case Mode::batched: return "batched";
    case Mode::blocking: return "blocking";
  }
  throw std::logic_error("internal error: mode out of range");
}

std::string_view grade_name(Grade grade) {
  switch (grade) {
    case Grade::exact: return "exact";
    case Grade::order: return "order";
    case Grade::data: return "data";
  }
  throw std::logic_error("internal error: grade out of range");
}

std::vector<const Step*> Plan::in_phase(Phase phase) const {
  std::vector<const Step*> out;
  for (const Step& step : steps) {
    if (step.phase == phase) out.push_back(&step);
  }
  return out;
}

}  // namespace contraflow::plan
