#include "crypto/hkdf.h"

#include <array>

#include "base/check.h"

namespace mls {

namespace {

using libcrypto::Owned;

constexpr std::size_t kKdfs = 3;
constexpr std::size_t Index(Kdf kdf) { return static_cast<std::size_t>(kdf) - 1; }

constexpr const char* kHashes[kKdfs] = {"SHA2-256", "SHA2-384", "SHA2-512"};

const EVP_MD* Algorithm(Kdf kdf) {
  static std::array<std::atomic<EVP_MD*>, kKdfs> algorithms;
  return libcrypto::Once(algorithms[Index(kdf)],
                         [&] { return EVP_MD_fetch(nullptr, kHashes[Index(kdf)], nullptr); });
}

// ThreadContext gives this thread's slot. A context in it is freshly initialised, or in use by the one
// Hasher.
Owned<EVP_MD_CTX>& ThreadContext(Kdf kdf) {
  thread_local std::array<Owned<EVP_MD_CTX>, kKdfs> contexts;
  return contexts[Index(kdf)];
}

EVP_MD_CTX* FreshContext(Kdf kdf) {
  Owned<EVP_MD_CTX>& slot = ThreadContext(kdf);
  if (slot != nullptr) return slot.get();
  Owned<EVP_MD_CTX> made(EVP_MD_CTX_new());
  if (made == nullptr || EVP_DigestInit_ex2(made.get(), Algorithm(kdf), nullptr) != 1) return nullptr;
  slot = std::move(made);
  return slot.get();
}

// HMAC(K, text) = H(K ^ opad, H(K ^ ipad, text)) (RFC 2104 §2). HmacRun does the two runs one after the other
// on the same context.
class HmacRun {
 public:
  HmacRun(Kdf kdf, View key) : kdf_(kdf), inner_(kdf) {
    if (!key.empty()) std::memcpy(pad_.data(), key.data(), key.size());
    Mask(0x36);
    inner_.Update(pad());
  }
  ~HmacRun() { Wipe(pad_); }

  void Update(View bytes) { inner_.Update(bytes); }
  Status Finish(Span out) {
    const Span inner_hash(inner_hash_.data(), HashSize(kdf_));
    MLS_DO(inner_.Finish(inner_hash));
    Mask(0x36 ^ 0x5c);
    Hasher outer(kdf_);
    outer.Update(pad());
    outer.Update(inner_hash);
    Wipe(inner_hash);
    return outer.FinishSecret(out);
  }

 private:
  View pad() const { return {pad_.data(), HashBlock(kdf_)}; }
  void Mask(std::uint8_t mask) {
    for (std::uint8_t& byte : pad_) byte = static_cast<std::uint8_t>(byte ^ mask);
  }

  Kdf kdf_;
  std::array<std::uint8_t, kMaxHashBlock> pad_{};
  std::array<std::uint8_t, kMaxHashSize> inner_hash_;
  Hasher inner_;
};

// HmacKey is a key of at most one block: a longer one is replaced by its hash (RFC 2104 §2).
class HmacKey {
 public:
  HmacKey(Kdf kdf, View key) : view_(key) {
    if (key.size() <= HashBlock(kdf)) return;
    Hasher hasher(kdf);
    hasher.Update(key);
    view_ = View(hash_.data(), HashSize(kdf));
    status_ = hasher.Finish({hash_.data(), HashSize(kdf)});
  }
  ~HmacKey() {
    if (view_.data() == hash_.data()) Wipe(hash_);
  }
  const Status& status() const { return status_; }
  View view() const { return view_; }

 private:
  View view_;
  std::array<std::uint8_t, kMaxHashSize> hash_;
  Status status_ = kOk;
};

}  // namespace

Hasher::Hasher(Kdf kdf) : kdf_(kdf), context_(FreshContext(kdf)), ok_(context_ != nullptr) {}

Hasher::~Hasher() {
  if (!fresh_) ThreadContext(kdf_).reset();
}

// Renew readies the context for the next Hasher, who may be there before this one is gone. Without memory the
// next one begins anew.
void Hasher::Renew() {
  fresh_ = true;
  if (ok_ && EVP_DigestInit_ex2(context_, nullptr, nullptr) == 1) return;
  ThreadContext(kdf_).reset();
  context_ = nullptr;
}

Status Hasher::Finish(Span out) {
  unsigned int size = 0;
  ok_ = ok_ && EVP_DigestFinal_ex(context_, out.data(), &size) == 1;
  Renew();
  if (!ok_) return Error::INTERNAL;
  return kOk;
}

Status Hasher::FinishSecret(Span out) {
  MLS_DO(Finish(out));
  if (context_ != nullptr && HashBlock(kdf_) == kMaxHashBlock) {
    static constexpr std::array<std::uint8_t, kMaxHashBlock - 1>
        kZeros{};  // one byte less stays in the buffer
    Update(kZeros);
    Renew();
  }
  return kOk;
}

Status Hmac(Kdf kdf, View key, std::initializer_list<View> parts, Span out) {
  const HmacKey short_key(kdf, key);
  MLS_DO(short_key.status());
  HmacRun run(kdf, short_key.view());
  for (View part : parts) run.Update(part);
  return run.Finish(out);
}

Result<Secret> HkdfExtract(Kdf kdf, View salt, std::initializer_list<View> ikm) {
  Secret prk(HashSize(kdf));
  MLS_DO(Hmac(kdf, salt, ikm, prk.span()));
  return prk;
}

Result<Secret> HkdfExpand(Kdf kdf, View prk, std::initializer_list<View> info, std::size_t length) {
  const std::size_t hash_size = HashSize(kdf);
  MLS_REQUIRE(length <= 255 * hash_size, LIMIT_EXCEEDED);  // RFC 5869 §2.3: the block counter is one octet
  const HmacKey key(kdf, prk);
  MLS_DO(key.status());
  // T(i) = HMAC(PRK, T(i-1) | info | i); the output is the start of T(1) | T(2) | ...
  Secret out((length + hash_size - 1) / hash_size * hash_size);
  View previous;
  for (std::size_t at = 0; at < out.size(); at += hash_size) {
    const std::uint8_t counter = static_cast<std::uint8_t>(at / hash_size + 1);
    const Span block = out.span().subspan(at, hash_size);
    HmacRun run(kdf, key.view());
    run.Update(previous);
    for (View part : info) run.Update(part);
    run.Update({&counter, 1});
    MLS_DO(run.Finish(block));
    previous = block;
  }
  out.Truncate(length);
  return out;
}

}  // namespace mls
