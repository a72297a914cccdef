// CountOf: what a step costs, in counted operations (core/base/counters).
#pragma once

#include "base/counters.h"

namespace mls::test {

// CountOf gives what `step` adds to this thread's counters.
template <class Step>
Counters CountOf(Step step) {
  const Counters before = Count();
  step();
  const Counters& after = Count();
  return {after.signatures - before.signatures,
          after.signature_verifications - before.signature_verifications,
          after.hpke_seals - before.hpke_seals,
          after.hpke_opens - before.hpke_opens,
          after.key_derivations - before.key_derivations,
          after.hashes - before.hashes,
          after.macs - before.macs,
          after.expands - before.expands,
          after.pages_copied - before.pages_copied,
          after.rows_written - before.rows_written,
          after.leaves_decoded - before.leaves_decoded};
}

}  // namespace mls::test
