// Needles: secrets that should be gone, looked for in what is stored and in the memory of this process (RFC
// 9420 §9.2, §14). All members of a scene live in it, so what one of them may still have is found, too.
#pragma once

#include "kit/scene.h"

namespace mls::test {

// A Needle is a secret that was masked, so that to know it does not put it into memory.
class Needle {
 public:
  Needle(std::string name, View secret);
  // Unmasked gives the secret for as long as it lives.
  Secret Unmasked() const;

  const std::string& name() const { return name_; }
  std::size_t CountIn(View bytes) const;

 private:
  // What is looked for: of a long secret the last bytes, since an allocator writes over the first ones of
  // what is freed, glibc over sixteen.
  View Searched() const;
  bool IsAt(const std::uint8_t* place) const;

  std::string name_;
  Bytes masked_;
};

// kSeesMemory: a process can read its own memory, and nobody else keeps copies in it, as sanitizers do.
extern const bool kSeesMemory;
// CountInMemory looks through all writable memory of this process.
std::size_t CountInMemory(const Needle& needle);
std::size_t CountInRows(const MemoryRows& rows, const Needle& needle);

// IsThere: the member has it, in its store and in memory. This shows that what is there is found.
void IsThere(Scene& scene, std::size_t member, const Needle& needle);
// AreGone: nobody has them.
void AreGone(Scene& scene, const std::vector<Needle>& needles);
inline void IsGone(Scene& scene, const Needle& needle) { AreGone(scene, {needle}); }

// EpochNeedles are the secrets of the epoch that a Commit leads to, and of its path from the common ancestor
// with a newcomer on, as that newcomer finds them (RFC 9420 §7.4, §8).
struct EpochNeedles {
  std::vector<Needle> consumed;  // on the way to epoch_secret and to the path's key pairs
  Needle epoch_secret;           // which a Commit that waits keeps
  Needle private_key;            // of the root
  std::vector<Needle> derived;   // from epoch_secret
};
// The common ancestor must be the root.
EpochNeedles NeedlesOf(Scene& scene, View welcome, const NewKeyPackage& package);

}  // namespace mls::test
