// Rows before and after, and the delta between them, as a store gives it to who was there before.
#pragma once

#include "store/batch.h"

namespace mls::test {

inline MemoryRows CopyOf(const MemoryRows& rows) {
  MemoryRows copy;
  for (const auto& [key, value] : rows.rows()) copy.Put(key, value);
  return copy;
}

inline RowDelta DeltaBetween(const MemoryRows& before, const MemoryRows& after) {
  RowDelta delta;
  for (const auto& [key, value] : before.rows()) {
    if (!after.Get(key)) delta.Delete(key);
  }
  for (const auto& [key, value] : after.rows()) {
    const auto former = before.Get(key);
    if (!former || !Equal(*former, value)) delta.Put(key, value);
  }
  return delta;
}

}  // namespace mls::test
