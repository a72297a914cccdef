#include "floor.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>

namespace mls::bench {

namespace {

void Need(bool ok) {
  if (ok) return;
  std::fprintf(stderr, "libcrypto failed in the floor\n");
  std::exit(EXIT_FAILURE);
}

using Key = std::array<unsigned char, 32>;

EVP_PKEY* MakeKey(int type) {
  Key seed;
  seed.fill(0x5a);
  EVP_PKEY* key = EVP_PKEY_new_raw_private_key(type, nullptr, seed.data(), seed.size());
  Need(key != nullptr);
  return key;
}

Key PublicOf(EVP_PKEY* key) {
  Key out;
  std::size_t size = out.size();
  Need(EVP_PKEY_get_raw_public_key(key, out.data(), &size) == 1);
  return out;
}

}  // namespace

// What one thread works with: made once for each AEAD and thread number, shared by all floors.
class Floor::Thread {
 public:
  static Thread& Number(FloorAead aead, std::size_t number) {
    static std::map<FloorAead, std::vector<Thread*>> all;  // for the life of the program
    std::vector<Thread*>& threads = all[aead];
    while (threads.size() <= number) threads.push_back(new Thread(aead));
    return *threads[number];
  }

  // Prepare makes everything that `item` needs and that is not to be timed.
  void Prepare(const Item& item) {
    if (input_.size() < item.size + 64) input_.resize(item.size + 64, 7);
    if (output_.size() < item.size + 64) output_.resize(item.size + 64);
    if (item.kind == Kind::verify && signatures_.count(item.size) == 0) {
      SignInto(signatures_[item.size], item.size);
    }
    if (item.kind == Kind::open && sealed_.count(item.size) == 0) {
      const Tag tag = Seal(item.size);
      sealed_[item.size] = {output_, tag};
    }
  }

  void Do(const Item& item) {
    switch (item.kind) {
      case Kind::sign:
        return SignInto(signature_, item.size);
      case Kind::verify:
        return Verify(item.size);
      case Kind::public_key: {
        EVP_PKEY* key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, output_.data(), 32);
        Need(key != nullptr);
        return EVP_PKEY_free(key);
      }
      case Kind::shared_secret:
        return Derive();
      case Kind::seal:
        tag_ = Seal(item.size);
        return;
      case Kind::open:
        return Open(item.size);
      case Kind::hash: {
        std::array<unsigned char, 32> digest;
        Need(EVP_DigestInit_ex(digest_context_, sha256_, nullptr) == 1 &&
             EVP_DigestUpdate(digest_context_, input_.data(), item.size) == 1 &&
             EVP_DigestFinal_ex(digest_context_, digest.data(), nullptr) == 1);
        return;
      }
    }
  }

 private:
  explicit Thread(FloorAead aead)
      : cipher_(EVP_CIPHER_fetch(
            nullptr, aead == FloorAead::aes_128_gcm ? "AES-128-GCM" : "ChaCha20-Poly1305", nullptr)) {}

  using Signature = std::array<unsigned char, 64>;
  using Tag = std::array<unsigned char, 16>;
  struct Sealed {
    std::vector<unsigned char> ciphertext;
    Tag tag;
  };
  static constexpr std::array<unsigned char, 32> kAeadKey{1};

  void SignInto(Signature& signature, std::size_t size) {
    std::size_t length = signature.size();
    EVP_MD_CTX_reset(sign_context_);
    Need(EVP_DigestSignInit(sign_context_, nullptr, nullptr, nullptr, signer_) == 1 &&
         EVP_DigestSign(sign_context_, signature.data(), &length, input_.data(), size) == 1);
  }

  void Verify(std::size_t size) {
    const Signature& signature = signatures_.find(size)->second;
    EVP_PKEY* key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, signer_key_.data(), 32);
    EVP_MD_CTX_reset(sign_context_);
    Need(EVP_DigestVerifyInit(sign_context_, nullptr, nullptr, nullptr, key) == 1 &&
         EVP_DigestVerify(sign_context_, signature.data(), signature.size(), input_.data(), size) == 1);
    EVP_PKEY_free(key);
  }

  void Derive() {
    Key secret;
    std::size_t size = secret.size();
    EVP_PKEY* peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, receiver_key_.data(), 32);
    EVP_PKEY_CTX* context = EVP_PKEY_CTX_new(receiver_, nullptr);
    Need(EVP_PKEY_derive_init(context) == 1 && EVP_PKEY_derive_set_peer(context, peer) == 1 &&
         EVP_PKEY_derive(context, secret.data(), &size) == 1);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(peer);
  }

  Tag Seal(std::size_t size) {
    Tag tag;
    int written = 0;
    Need(EVP_EncryptInit_ex(cipher_context_, cipher_, nullptr, kAeadKey.data(), kAeadKey.data()) == 1 &&
         EVP_EncryptUpdate(cipher_context_, output_.data(), &written, input_.data(), int(size)) == 1 &&
         EVP_EncryptFinal_ex(cipher_context_, output_.data() + written, &written) == 1 &&
         EVP_CIPHER_CTX_ctrl(cipher_context_, EVP_CTRL_AEAD_GET_TAG, 16, tag.data()) == 1);
    return tag;
  }

  void Open(std::size_t size) {
    Sealed& sealed = sealed_.find(size)->second;
    int written = 0;
    Need(EVP_DecryptInit_ex(cipher_context_, cipher_, nullptr, kAeadKey.data(), kAeadKey.data()) == 1 &&
         EVP_DecryptUpdate(cipher_context_, output_.data(), &written, sealed.ciphertext.data(), int(size)) ==
             1 &&
         EVP_CIPHER_CTX_ctrl(cipher_context_, EVP_CTRL_AEAD_SET_TAG, 16, sealed.tag.data()) == 1 &&
         EVP_DecryptFinal_ex(cipher_context_, output_.data() + written, &written) == 1);
  }

  EVP_PKEY* signer_ = MakeKey(EVP_PKEY_ED25519);
  Key signer_key_ = PublicOf(signer_);
  EVP_PKEY* receiver_ = MakeKey(EVP_PKEY_X25519);
  Key receiver_key_ = PublicOf(receiver_);
  EVP_MD_CTX* sign_context_ = EVP_MD_CTX_new();
  EVP_MD_CTX* digest_context_ = EVP_MD_CTX_new();
  EVP_CIPHER_CTX* cipher_context_ = EVP_CIPHER_CTX_new();
  EVP_MD* sha256_ = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  EVP_CIPHER* cipher_;
  std::vector<unsigned char> input_, output_ = std::vector<unsigned char>(64);
  std::map<std::size_t, Signature> signatures_;
  std::map<std::size_t, Sealed> sealed_;
  Signature signature_{};
  Tag tag_{};
};

void Floor::Prepare(const Pool* pool) const {
  for (std::size_t number = 0; number < (pool == nullptr ? 1 : pool->threads()); ++number) {
    for (const Item& item : items_) Thread::Number(aead_, number).Prepare(item);
  }
}

void Floor::Run(Pool* pool, std::size_t times) const {
  const std::size_t shares = pool == nullptr ? 1 : pool->threads();
  const auto work = [&](std::size_t number, std::size_t) {
    Thread& own = Thread::Number(aead_, number);
    for (const Item& item : items_) {
      const std::size_t all = item.count * times;
      const std::size_t share = all / shares + (number < all % shares ? 1 : 0);
      for (std::size_t i = 0; i < share; ++i) own.Do(item);
    }
  };
  if (pool == nullptr) return work(0, 1);
  pool->Run(shares, 1, work);
}

}  // namespace mls::bench
