// Comparisons of tags and references, and the check of padding, take the same time wherever the difference
// is: support/timing.h says how that is measured, and why a leaky twin stands beside each. One class of
// inputs is right but for the last two bytes, the other wrong from the first; both are refused, so that the
// outcome, which may be seen, is the same.
#include <doctest/doctest.h>

#include "crypto/aead.h"
#include "group/proposal_cache.h"
#include "message/public_message.h"
#include "support/company.h"
#include "support/timing.h"

namespace mls::test {
namespace {

const Suite& TheSuite() { return AllSuites().front(); }

// LeakyEqual is how one should not compare: it stops at the first difference.
bool LeakyEqual(View a, View b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

// Results go where no compiler knows what becomes of them.
volatile bool seen = false;

// Guesses: inputs of both classes, made from the right value, in the place where the checks read one. Each is
// new, since one that comes again and again has a time of its own where hashes are looked up. They are made
// without a branch: the processor remembers which way the last ones went.
class Guesses {
 public:
  explicit Guesses(View right) : value(ToBytes(right)), right_(ToBytes(right)) {}
  void Put(TimedClass of) {
    const auto almost = static_cast<std::size_t>(of);
    Bytes guess = random_.Some(right_.size());
    const auto more = static_cast<std::uint8_t>(1 + guess.front() % 255);
    const auto mask = static_cast<std::uint8_t>(-almost);
    for (std::size_t i = 0; i + 2 < guess.size(); ++i) {
      guess[i] = static_cast<std::uint8_t>((right_[i] & mask) | (guess[i] & ~mask));
    }
    const std::size_t wrong = almost * (guess.size() - 1);
    guess[wrong] = static_cast<std::uint8_t>(right_[wrong] + more);
    std::copy(guess.begin(), guess.end(), value.begin());
  }
  Bytes value;

 private:
  Bytes right_;
  SeededRandom random_{98};
};

void CheckConstantTime(const Trial& trial) {
  const Leakage leakage = Measure(trial);
  MESSAGE("|t| = ", leakage.tested, ", of the leaky twin ", leakage.leaky);
  CHECK(leakage.leaky > kLeaksForSure);
  CHECK(leakage.tested < kLeaks);
}

TEST_CASE("constant time: ConstantTimeEqual") {
  SeededRandom random(99);
  const Bytes right = random.Some(32);
  Guesses guesses(right);
  CheckConstantTime({[&](TimedClass of) { guesses.Put(of); },
                     [&] { seen = ConstantTimeEqual(guesses.value, right); },
                     [&] { seen = LeakyEqual(guesses.value, right); }});
}

TEST_CASE("constant time: the membership_tag of a PublicMessage") {
  SeededRandom random(100);
  const Secret key = *random.TakeSecret(TheSuite().Nh);
  const Bytes context = random.Some(100);
  const AuthenticatedContent made{WireFormat::mls_public_message,
                                  {{1, 2, 3}, 7, Sender::Member({1}), {}, CommitContent{}},
                                  {Bytes(64, 5), Bytes(32, 6)}};
  const PublicMessage message = *ProtectPublic(TheSuite(), made, key, context);
  const EncodedContent content(made);
  Guesses guesses(message.membership_tag);
  const auto check = [&](View tag) {
    return CheckMembershipTag(TheSuite(), content, tag, key, context).ok();
  };
  REQUIRE(check(message.membership_tag));
  const Bytes right = message.membership_tag;
  CheckConstantTime({[&](TimedClass of) { guesses.Put(of); }, [&] { seen = check(guesses.value); },
                     [&] {
                       seen = Mac(TheSuite(), key, {context}).ok();
                       seen = LeakyEqual(guesses.value, right);
                     }});
}

TEST_CASE("constant time: the confirmation_tag of an epoch") {
  Company company(TheSuite(), 1);
  SeededRandom random(101);
  const auto shared = std::make_shared<PublicEpoch>(
      PublicEpoch{company[0].context(), company[0].tree(), {}, {}, {}, {}, {}, {}});
  const LocalEpoch local = Must(MakeLocalEpoch(shared, {0}, random.Some(TheSuite().Nh), {}));
  const auto tag = [&] {
    return *ConfirmationTag(TheSuite(), local.secrets.confirmation_key,
                            shared->context.confirmed_transcript_hash);
  };
  const Bytes right = ToBytes(tag());
  shared->confirmation_tag = right;
  REQUIRE(CheckConfirmationTag(local).ok());
  Guesses guesses(right);
  const auto prepare = [&](TimedClass of) {
    guesses.Put(of);
    std::copy(guesses.value.begin(), guesses.value.end(), shared->confirmation_tag.begin());
  };
  CheckConstantTime({prepare, [&] { seen = CheckConfirmationTag(local).ok(); },
                     [&] { seen = LeakyEqual(tag(), shared->confirmation_tag); }});
}

TEST_CASE("constant time: the KeyPackageRefs of a Welcome") {
  World world(102);
  const Client client = world.NewClient(TheSuite(), "Alice");
  const NewKeyPackage package = world.NewKeyPackageOf(client);
  const auto reference = [&] { return *KeyPackageRef(TheSuite(), package.key_package); };
  const Bytes right = ToBytes(reference());
  Guesses guesses(right);
  Welcome welcome{TheSuite().id, std::vector<EncryptedGroupSecrets>(8), {}};
  for (EncryptedGroupSecrets& entry : welcome.secrets) entry.new_member = right;
  std::optional<JoinInput> input;
  const auto prepare = [&](TimedClass of) {
    for (EncryptedGroupSecrets& entry : welcome.secrets) {
      guesses.Put(of);
      std::copy(guesses.value.begin(), guesses.value.end(), entry.new_member.begin());
    }
    input.emplace(JoinInput{package.key_package, package.keys.Clone(), {}, nullptr, {}});
  };
  const auto join = [&] { return ErrorOf(Group::StageJoin(welcome, std::move(*input), world.env)); };
  prepare(TimedClass::one);
  REQUIRE(join() == Error::NO_MATCHING_KEY_PACKAGE);
  CheckConstantTime({prepare, [&] { seen = join() == Error::INTERNAL; },
                     [&] {
                       const Digest own = reference();
                       for (const auto& entry : welcome.secrets) seen = LeakyEqual(entry.new_member, own);
                     }});
}

TEST_CASE("constant time: the ProposalRefs of a Commit") {
  SeededRandom random(103);
  ProposalCache cache;
  std::vector<Bytes> references;
  for (std::size_t i = 0; i < 16; ++i) {
    CachedProposal proposal{random.Some(TheSuite().Nh), {}, {}};
    proposal.content.content.body = ProposalContent{};
    references.push_back(proposal.reference);
    cache.Add(std::make_shared<const CachedProposal>(std::move(proposal)));
  }
  Guesses guesses(references[7]);
  CheckConstantTime({[&](TimedClass of) { guesses.Put(of); },
                     [&] { seen = cache.Find(guesses.value) != nullptr; },
                     [&] {
                       for (const Bytes& one : references) seen = LeakyEqual(one, guesses.value);
                     }});
}

// A message whose padding is zero but for one byte, as its sender could make it.
struct PaddedMessage {
  static constexpr std::size_t kPadding = 1024;
  const Suite& suite = TheSuite();
  SeededRandom random{104};
  KeyAndNonce key{*random.TakeSecret(suite.Nk), *random.TakeSecret(suite.Nn)};
  SenderData sender{{3}, 11, {}};
  PrivateMessage message{{1, 2, 3}, 7, ContentType::application, {}, {}, {}};

  Bytes Aad() const {
    return Encode(message.group_id, message.epoch, message.content_type, message.authenticated_data);
  }
  Bytes SealWith(std::size_t place) const {
    Bytes plaintext = Encode(Bytes(10, 1), Bytes(64, 2));  // data and signature
    const std::size_t content = plaintext.size();
    plaintext.resize(content + kPadding);
    plaintext[content + place] = 1;
    return *AeadSeal(suite, key.key, key.nonce, Aad(), plaintext);
  }
};

TEST_CASE("constant time: the padding of a PrivateMessage") {
  PaddedMessage padded;
  std::array<std::vector<Bytes>, 2> inputs;
  for (std::size_t i = 0; i < 16; ++i) {
    inputs[0].push_back(padded.SealWith(i));
    inputs[1].push_back(padded.SealWith(PaddedMessage::kPadding - 1 - i));
  }
  Bytes& ciphertext = padded.message.ciphertext;
  ciphertext = inputs[0][0];
  std::size_t next = 0;
  const auto prepare = [&](TimedClass of) {
    const Bytes& input = inputs[static_cast<std::size_t>(of)][next++ % 16];
    std::copy(input.begin(), input.end(), ciphertext.begin());
  };
  const auto open = [&] {
    return ErrorOf(OpenContent(TheSuite(), padded.message, padded.sender, padded.key));
  };
  REQUIRE(open() == Error::MALFORMED);
  const Bytes aad = padded.Aad();
  const Bytes zeros(PaddedMessage::kPadding);
  CheckConstantTime({prepare, [&] { seen = open() == Error::INTERNAL; },
                     [&] {
                       const auto plain =
                           *AeadOpen(TheSuite(), padded.key.key, padded.key.nonce, aad, ciphertext);
                       seen = LeakyEqual(zeros, View(plain).last(zeros.size()));
                     }});
}

}  // namespace
}  // namespace mls::test
