// SystemRandom: fresh bytes from OpenSSL's generator. Safe to use from several threads.
#pragma once

#include "base/random.h"

namespace mls {

class SystemRandom final : public Random {
 public:
  Status Fill(Span out) override;
};

}  // namespace mls
