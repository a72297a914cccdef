#include "kit/needles.h"

#include <fstream>
#include <sstream>

namespace mls::test {

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
#else
constexpr bool kSanitized = false;
#endif

#ifdef __linux__
constexpr bool kHasMaps = true;
#else
constexpr bool kHasMaps = false;
#endif

constexpr std::uint8_t kMask = 0x5A;
constexpr std::size_t kLeast = 12;  // bytes that no chance repeats

}  // namespace

const bool kSeesMemory = kHasMaps && !kSanitized;

Needle::Needle(std::string name, View secret) : name_(std::move(name)), masked_(ToBytes(secret)) {
  REQUIRE(secret.size() >= kLeast);
  for (std::uint8_t& byte : masked_) byte ^= kMask;
}

Secret Needle::Unmasked() const {
  Secret secret = Secret::Copy(masked_);
  for (std::uint8_t& byte : secret.span()) byte ^= kMask;
  return secret;
}

View Needle::Searched() const {
  return masked_.size() < 16 + kLeast ? View(masked_) : View(masked_).last(kLeast);
}

bool Needle::IsAt(const std::uint8_t* place) const {
  const View searched = Searched();
  for (std::size_t i = 0; i < searched.size(); ++i) {
    if ((place[i] ^ kMask) != searched[i]) return false;
  }
  return true;
}

std::size_t Needle::CountIn(View bytes) const {
  const View searched = Searched();
  std::size_t count = 0;
  while (bytes.size() >= searched.size()) {
    const void* found = std::memchr(bytes.data(), searched[0] ^ kMask, bytes.size() - searched.size() + 1);
    if (found == nullptr) break;
    const auto* place = static_cast<const std::uint8_t*>(found);
    count += IsAt(place);
    bytes = bytes.subspan(static_cast<std::size_t>(place - bytes.data()) + 1);
  }
  return count;
}

std::size_t CountInMemory(const Needle& needle) {
  std::ifstream maps("/proc/self/maps");
  std::size_t count = 0;
  for (std::string line; std::getline(maps, line);) {
    std::istringstream fields(line);
    std::uintptr_t from = 0, to = 0;
    char dash = 0;
    std::string rights;
    fields >> std::hex >> from >> dash >> to >> rights;
    if (rights.rfind("rw", 0) != 0 || line.find("[v") != std::string::npos) continue;
    count += needle.CountIn({reinterpret_cast<const std::uint8_t*>(from), to - from});
  }
  return count;
}

std::size_t CountInRows(const MemoryRows& rows, const Needle& needle) {
  std::size_t count = 0;
  for (const auto& [key, value] : rows.rows()) count += needle.CountIn(value);
  return count;
}

void IsThere(Scene& scene, std::size_t member, const Needle& needle) {
  CAPTURE(needle.name());
  CHECK(CountInRows(scene.store(member), needle) > 0);
  if (kSeesMemory) CHECK(CountInMemory(needle) > 0);
}

void AreGone(Scene& scene, const std::vector<Needle>& needles) {
  for (std::size_t i = 0; i < scene.size(); ++i) {
    const MemoryRows saved = World::Saved(scene[i]);
    for (const Needle& needle : needles) {
      CAPTURE(needle.name());
      CHECK(CountInRows(scene.store(i), needle) == 0);
      CHECK(CountInRows(saved, needle) == 0);
    }
  }
  if (!kSeesMemory) return;
  for (const Needle& needle : needles) {
    CAPTURE(needle.name());
    CHECK(CountInMemory(needle) == 0);
  }
}

EpochNeedles NeedlesOf(Scene& scene, View welcome, const NewKeyPackage& package) {
  const Suite& suite = scene[0].suite();
  const MLSMessage message = Must(DecodeMessage(welcome, {}));
  const auto& sealed = std::get<Welcome>(message.body);
  const GroupSecrets secrets =
      Must(OpenGroupSecrets(Must(GroupSecretsInfo(suite, sealed)), sealed.secrets.at(0),
                            package.keys.init_private_key, package.key_package.init_key));
  REQUIRE(secrets.psks.empty());
  REQUIRE(secrets.path_secret.has_value());
  const Secret& path_secret = secrets.path_secret->path_secret;
  const Secret node_secret = Must(DeriveSecret(suite, path_secret, "node"));
  const Secret commit_secret = Must(DeriveSecret(suite, path_secret, "path"));
  const Secret member_secret =
      Must(MemberSecret(suite, secrets.joiner_secret, Must(PskSecret(suite, {}, {}))));
  const Secret welcome_secret = Must(WelcomeSecret(suite, member_secret));
  const GroupInfo info = Must(OpenGroupInfo(suite, welcome_secret, sealed.encrypted_group_info));
  const Secret epoch_secret = Must(EpochSecret(suite, member_secret, Encode(info.group_context)));
  const EpochSecrets epoch = Must(DeriveEpochSecrets(suite, epoch_secret));
  const HpkeKeyPair root = Must(DeriveKeyPair(suite, node_secret));
  return {{{"path_secret", path_secret},
           {"node_secret", node_secret},
           {"commit_secret", commit_secret},
           {"joiner_secret", secrets.joiner_secret},
           {"member_secret", member_secret},
           {"welcome_secret", welcome_secret}},
          {"epoch_secret", epoch_secret},
          {"private key of the root", root.private_key},
          {{"init_secret", epoch.init_secret},
           {"encryption_secret", epoch.encryption_secret},
           {"sender_data_secret", epoch.sender_data_secret},
           {"exporter_secret", epoch.exporter_secret},
           {"external_secret", epoch.external_secret},
           {"confirmation_key", epoch.confirmation_key},
           {"membership_key", epoch.membership_key},
           {"resumption_psk", epoch.resumption_psk},
           {"epoch_authenticator", epoch.epoch_authenticator}}};
}

}  // namespace mls::test
