// Reaches: X.509 chains as credentials (RFC 9420 §5.3): parsing, linking, gaps, the end entity's key.
// Holds: a chain of which one certificate is no certificate is refused; what was taken is described.
// Input: suite and number of known certificates, the signature key as a part, then certificates as parts.
#include "group/certificates.h"
#include "support/target.h"

namespace mls::fuzz {

void FuzzOne(View bytes) {
  Input input(bytes);
  const Suite& suite = AllSuites()[input.Below(AllSuites().size())];
  const std::size_t known_count = input.Below(4);
  const View signature_key = input.Part();
  std::vector<View> known_ones;
  Credential credential{X509Credential{}};
  auto& certificates = std::get<X509Credential>(credential.body).certificates;
  for (int count = 0; !input.empty() && count < 24; ++count) {
    const View part = input.Part();
    if (known_ones.size() < known_count) {
      known_ones.push_back(part);
    } else {
      certificates.push_back({ToBytes(part)});
    }
  }
  const auto known = KnownCertificates::Make(known_ones);
  ExpectSound(known);
  const Status valid =
      ValidateCredential(suite, credential, signature_key, {}, known.ok() ? known->get() : nullptr);
  ExpectSound(valid);
  if (valid.ok()) NoteTaken();
  for (const Certificate& certificate : certificates) {
    const auto summary = SummarizeCertificate(certificate.cert_data);
    ExpectSound(summary);
    if (valid.ok()) Expect(summary.ok(), "every certificate of a chain that was taken can be described");
  }
  if (valid.ok() && !certificates.empty())
    Expect(Decode<Credential>(Encode(credential)).ok(), "it can be sent");
}

std::vector<Seed> Seeds() {
  std::vector<Seed> seeds;
  test::SeededRandom random(15);
  for (std::uint8_t i = 0; i < AllSuites().size(); ++i) {
    const Suite& suite = AllSuites()[i];
    const SignatureKeyPair pair = *GenerateSignatureKeyPair(suite, random);
    const auto add = [&](const char* name, const Credential& credential, const std::vector<Bytes>& known) {
      Bytes bytes = {i, static_cast<std::uint8_t>(known.size())};
      AppendPart(bytes, pair.public_key);
      for (const Bytes& one : known) AppendPart(bytes, one);
      for (const auto& one : std::get<X509Credential>(credential.body).certificates)
        AppendPart(bytes, one.cert_data);
      seeds.push_back({name + ("-" + std::to_string(i)), bytes});
    };
    add("chain", test::MakeX509(suite, "member", pair.public_key), {});
    add("gap", test::MakeX509WithGap(suite, "member", pair.public_key), {test::TestIntermediate().der});
    add("open-gap", test::MakeX509WithGap(suite, "member", pair.public_key), {});
  }
  return seeds;
}

}  // namespace mls::fuzz
