// Cases: the steps of a group's life, each timed beside its floor.
//
// Steps of the engine are pure: one step runs again and again from the same state, and only the last result
// is kept.
#pragma once

#include "report.h"

namespace mls::bench {

struct Plan {
  std::vector<std::size_t> members;
  std::vector<std::size_t> threads;
  double budget = 1.0;  // seconds for each case, floor included
};

// MeasureSparse: a bulk add, the join it allows, then a commit and messages in the tree that it leaves, whose
// parents are blank but for the committer's path.
void MeasureSparse(std::size_t members, const Plan& plan, Report& report);
// MeasureWarm: a commit and what it costs others in a tree where every member has committed before.
void MeasureWarm(std::size_t members, const Plan& plan, Report& report);

}  // namespace mls::bench
