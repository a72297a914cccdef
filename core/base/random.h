// Random: the source of fresh bytes, an input of every step that needs some. Tests give one that replays.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace mls {

class Random {
 public:
  virtual ~Random() = default;
  // Fill overwrites `out` with fresh bytes. It fails only when the system has none to give.
  virtual Status Fill(Span out) = 0;

  Result<Bytes> Take(std::size_t size) {
    Bytes bytes(size);
    if (auto filled = Fill(bytes); !filled.ok()) return filled.error();
    return bytes;
  }
  Result<Secret> TakeSecret(std::size_t size) {
    Secret secret(size);
    if (auto filled = Fill(secret.span()); !filled.ok()) return filled.error();
    return secret;
  }
};

}  // namespace mls
