#include "message/mls_message.h"

#include <doctest/doctest.h>

#include "support/encodings.h"
#include "support/random_value.h"
#include "support/tally.h"
#include "support/vectors.h"
#include "tree/ratchet_tree.h"

using namespace mls;
using mls::test::FromHex;
using mls::test::Json;
using mls::test::RandomValue;
using mls::test::Reencodes;
using mls::test::SeededRandom;

namespace {

const Limits kLimits;

// Message gives a random instance of one wire format.
template <class Body>
MLSMessage Message(SeededRandom& random) {
  MLSMessage message{ProtocolVersion::mls10, RandomValue<Body>(random)};
  if (auto* package = std::get_if<KeyPackageMessage>(&message.body)) {
    package->key_package.version = ProtocolVersion::mls10;
  }
  return message;
}

bool IsMessage(const Json& field, WireFormat wire_format) {
  const Bytes encoded = FromHex(field);
  const auto message = DecodeMessage(encoded, kLimits);
  return message.ok() && message->wire_format() == wire_format && Reencodes<MLSMessage>(encoded);
}

bool IsPublic(const Json& field, ContentType type) {
  if (!IsMessage(field, WireFormat::mls_public_message)) return false;
  const auto message = DecodeMessage(FromHex(field), kLimits);
  return std::get<PublicMessage>(message->body).content.content_type() == type;
}

bool IsTree(const Json& field, CipherSuite suite) {
  const Bytes encoded = FromHex(field);
  const auto tree = RatchetTree::DecodeExtension(*FindSuite(suite), encoded, kLimits);
  return tree.ok() && tree->EncodeExtension() == encoded;
}

// Parts lists what is wrong with one case of messages.json, by the names of its fields.
std::string WrongParts(const Json& vector) {
  const auto package = DecodeMessage(FromHex(vector["mls_key_package"]), kLimits);
  if (!package.ok()) return "mls_key_package";
  const CipherSuite suite = std::get<KeyPackageMessage>(package->body).key_package.cipher_suite;
  const std::pair<const char*, bool> parts[] = {
      {"mls_welcome", IsMessage(vector["mls_welcome"], WireFormat::mls_welcome)},
      {"mls_group_info", IsMessage(vector["mls_group_info"], WireFormat::mls_group_info)},
      {"mls_key_package", IsMessage(vector["mls_key_package"], WireFormat::mls_key_package)},
      {"ratchet_tree", IsTree(vector["ratchet_tree"], suite)},
      {"group_secrets", Reencodes<GroupSecrets>(FromHex(vector["group_secrets"]))},
      {"add_proposal", Reencodes<Add>(FromHex(vector["add_proposal"]))},
      {"update_proposal", Reencodes<Update>(FromHex(vector["update_proposal"]))},
      {"remove_proposal", Reencodes<Remove>(FromHex(vector["remove_proposal"]))},
      {"pre_shared_key_proposal", Reencodes<PreSharedKey>(FromHex(vector["pre_shared_key_proposal"]))},
      {"re_init_proposal", Reencodes<ReInit>(FromHex(vector["re_init_proposal"]))},
      {"external_init_proposal", Reencodes<ExternalInit>(FromHex(vector["external_init_proposal"]))},
      {"group_context_extensions_proposal",
       Reencodes<GroupContextExtensions>(FromHex(vector["group_context_extensions_proposal"]))},
      {"commit", Reencodes<Commit>(FromHex(vector["commit"]))},
      {"public_message_application",
       IsPublic(vector["public_message_application"], ContentType::application)},
      {"public_message_proposal", IsPublic(vector["public_message_proposal"], ContentType::proposal)},
      {"public_message_commit", IsPublic(vector["public_message_commit"], ContentType::commit)},
      {"private_message", IsMessage(vector["private_message"], WireFormat::mls_private_message)},
  };
  std::string wrong;
  for (const auto& [name, right] : parts) {
    if (!right) wrong += std::string(name) + " ";
  }
  return wrong;
}

Error ErrorOf(const Bytes& encoded, const Limits& limits = kLimits) {
  const auto message = DecodeMessage(encoded, limits);
  REQUIRE_FALSE(message.ok());
  return message.error();
}

}  // namespace

TEST_CASE("messages vectors: every structure is read and written back") {
  for (const auto& file : test::FindVectors("messages")) {
    test::Tally tally(file.set, "messages");
    for (const Json& vector : file.json) {
      const std::string wrong = WrongParts(vector);
      CHECK(wrong == "");
      tally.Count(wrong.empty());
    }
  }
}

TEST_CASE_TEMPLATE("each wire format is read back", Body, PublicMessage, PrivateMessage, Welcome,
                   GroupInfoMessage, KeyPackageMessage) {
  SeededRandom random(11);
  for (int i = 0; i < 50; ++i) {
    const MLSMessage message = Message<Body>(random);
    const auto decoded = DecodeMessage(Encode(message), kLimits);
    REQUIRE(decoded.ok());
    CHECK(*decoded == message);
    CHECK(decoded->wire_format() == Body::kTag);
    CHECK(EncodeMessage(std::get<Body>(message.body)) == Encode(message));
  }
}

TEST_CASE_TEMPLATE("R2.1.2-10: a byte after the message is refused", Body, PublicMessage, PrivateMessage,
                   Welcome, GroupInfoMessage, KeyPackageMessage) {
  SeededRandom random(12);
  Bytes encoded = Encode(Message<Body>(random));
  encoded.push_back(0);
  CHECK(ErrorOf(encoded) == Error::MALFORMED);
}

TEST_CASE_TEMPLATE("every prefix of a message is refused", Body, PublicMessage, PrivateMessage, Welcome,
                   GroupInfoMessage, KeyPackageMessage) {
  SeededRandom random(13);
  const Bytes encoded = Encode(Message<Body>(random));
  for (std::size_t size = 0; size < encoded.size(); ++size) {
    CHECK(ErrorOf(Bytes(encoded.begin(), encoded.begin() + static_cast<std::ptrdiff_t>(size))) ==
          Error::MALFORMED);
  }
}

TEST_CASE("R6-02: a version other than mls10 is unsupported") {
  SeededRandom random(14);
  MLSMessage message = Message<Welcome>(random);
  for (const unsigned version : {0x0000u, 0x0002u, 0x0100u, 0xFFFFu}) {
    message.version = static_cast<ProtocolVersion>(version);
    CHECK(ErrorOf(Encode(message)) == Error::UNSUPPORTED_VERSION);
  }
}

TEST_CASE("R6-03: an unknown wire format is unsupported") {
  SeededRandom random(15);
  for (const unsigned wire_format : {0x0000u, 0x0006u, 0x0A0Au, 0xF000u, 0xFFFFu}) {
    CHECK(ErrorOf(Encode(ProtocolVersion::mls10, static_cast<WireFormat>(wire_format), random.Some(20))) ==
          Error::UNSUPPORTED_WIRE_FORMAT);
  }
}

TEST_CASE("R10-05: a key package says the version of its message") {
  SeededRandom random(16);
  MLSMessage message = Message<KeyPackageMessage>(random);
  for (const unsigned version : {0u, 2u, 0xFFFFu}) {
    std::get<KeyPackageMessage>(message.body).key_package.version = static_cast<ProtocolVersion>(version);
    CHECK(ErrorOf(Encode(message)) == Error::INVALID_KEY_PACKAGE);
  }
}

TEST_CASE("Limits: max_message_size: n bytes are read, n + 1 refused before") {
  SeededRandom random(17);
  const Bytes encoded = Encode(Message<Welcome>(random));
  Limits limits;
  limits.max_message_size = encoded.size();
  CHECK(DecodeMessage(encoded, limits).ok());
  --limits.max_message_size;
  CHECK(ErrorOf(encoded, limits) == Error::LIMIT_EXCEEDED);
}

TEST_CASE("R2.1.2-05: a declared length beyond the input costs nothing") {
  // PrivateMessage whose group_id claims 2^30 - 1 bytes, and one nested five deep in a Welcome.
  const Bytes flat = FromHex(std::string("00010002") + "bfffffff" + "00000000");
  CHECK(ErrorOf(flat) == Error::MALFORMED);
  const Bytes nested = FromHex(std::string("000100030001") + "bfffffff" + "bfffffff" + "bfffffff" + "00");
  CHECK(ErrorOf(nested) == Error::MALFORMED);
}
