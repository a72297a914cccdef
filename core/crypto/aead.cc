#include "crypto/aead.h"

#include <array>
#include <climits>

#include "base/check.h"
#include "crypto/libcrypto.h"

namespace mls {

namespace {

using libcrypto::Owned;

constexpr std::size_t kAeads = 3;
constexpr std::size_t Index(Aead aead) { return static_cast<std::size_t>(aead) - 1; }

constexpr const char* kCiphers[kAeads] = {"AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305"};

const EVP_CIPHER* Algorithm(Aead aead) {
  static std::array<std::atomic<EVP_CIPHER*>, kAeads> algorithms;
  return libcrypto::Once(algorithms[Index(aead)],
                         [&] { return EVP_CIPHER_fetch(nullptr, kCiphers[Index(aead)], nullptr); });
}

enum class Direction : int { open = 0, seal = 1 };

// Run is one use of this thread's context. Its end frees and wipes what the context held of the key and the
// text; to overwrite the key with another costs as much and leaves the keystream of ChaCha20.
class Run {
 public:
  Run(const Suite& suite, Direction direction, View key, View nonce) : context_(ThreadContext()) {
    ok_ = context_ != nullptr && EVP_CipherInit_ex2(context_, Algorithm(suite.aead), key.data(), nonce.data(),
                                                    static_cast<int>(direction), nullptr) == 1;
  }
  ~Run() { EVP_CIPHER_CTX_reset(context_); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  void Aad(View aad) {
    int written = 0;
    if (aad.empty()) return;
    ok_ = ok_ && EVP_CipherUpdate(context_, nullptr, &written, aad.data(), static_cast<int>(aad.size())) == 1;
  }
  void Text(View in, std::uint8_t* out) {
    int written = 0;
    if (in.empty()) return;
    ok_ = ok_ && EVP_CipherUpdate(context_, out, &written, in.data(), static_cast<int>(in.size())) == 1 &&
          static_cast<std::size_t>(written) == in.size();
  }
  // ok says whether all went well so far, which does not depend on what is sealed or opened.
  bool ok() const { return ok_; }
  // Finish ends the text; when opening it compares the tag given before.
  bool Finish() {
    int written = 0;
    std::uint8_t none = 0;
    ok_ = ok_ && EVP_CipherFinal_ex(context_, &none, &written) == 1;
    return ok_;
  }
  bool Control(int control, std::size_t size, void* bytes) {
    ok_ = ok_ && EVP_CIPHER_CTX_ctrl(context_, control, static_cast<int>(size), bytes) == 1;
    return ok_;
  }

 private:
  static EVP_CIPHER_CTX* ThreadContext() {
    thread_local Owned<EVP_CIPHER_CTX> context;
    if (context == nullptr) context.reset(EVP_CIPHER_CTX_new());
    return context.get();
  }

  EVP_CIPHER_CTX* context_;
  bool ok_ = false;
};

constexpr std::size_t kMaxText = INT_MAX - 64;  // libcrypto counts in int

}  // namespace

Result<Bytes> AeadSeal(const Suite& suite, View key, View nonce, View aad, View plaintext) {
  MLS_REQUIRE(key.size() == suite.Nk && nonce.size() == suite.Nn, MISUSE);  // RFC 5116 §2.1: fixed sizes
  MLS_REQUIRE(aad.size() <= kMaxText && plaintext.size() <= kMaxText,
              TOO_LARGE);  // RFC 5116 §2.1: P_MAX, A_MAX
  Bytes out(plaintext.size() + suite.Nt);
  Run run(suite, Direction::seal, key, nonce);
  run.Aad(aad);
  run.Text(plaintext, out.data());
  if (!run.Finish() || !run.Control(EVP_CTRL_AEAD_GET_TAG, suite.Nt, out.data() + plaintext.size())) {
    return Error::INTERNAL;
  }
  return out;
}

Result<Secret> AeadOpen(const Suite& suite, View key, View nonce, View aad, View ciphertext) {
  MLS_REQUIRE(key.size() == suite.Nk && nonce.size() == suite.Nn,
              DECRYPT_FAILED);                                 // RFC 5116 §2.2: fixed sizes
  MLS_REQUIRE(ciphertext.size() >= suite.Nt, DECRYPT_FAILED);  // RFC 5116 §2.2: shorter than any ciphertext
  MLS_REQUIRE(aad.size() <= kMaxText && ciphertext.size() <= kMaxText,
              DECRYPT_FAILED);  // RFC 5116 §2.2: C_MAX
  const std::size_t size = ciphertext.size() - suite.Nt;
  std::array<std::uint8_t, 16> tag;
  std::memcpy(tag.data(), ciphertext.data() + size, tag.size());
  Secret out(size);
  Run run(suite, Direction::open, key, nonce);
  run.Control(EVP_CTRL_AEAD_SET_TAG, suite.Nt, tag.data());
  run.Aad(aad);
  run.Text(ciphertext.first(size), out.span().data());
  if (!run.ok()) return Error::INTERNAL;      // memory ran out
  MLS_REQUIRE(run.Finish(), DECRYPT_FAILED);  // RFC 9420 §6.3.1: every AEAD failure looks the same
  return out;
}

}  // namespace mls
