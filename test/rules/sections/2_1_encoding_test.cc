// RFC 9420 §2.1: optional values and variable-length vectors have one encoding each.
#include "kit/deviant_encoding.h"
#include "kit/forged_commit.h"
#include "kit/invitation.h"

namespace mls::test {
namespace {

// EveryKind gives honest messages of all five wire formats, the handshake ones with every structure in them.
std::vector<MLSMessage> EveryKind(Scene& scene) {
  const Suite& suite = scene[0].suite();
  const NewKeyPackage package = scene.world.NewKeyPackageOf(scene.world.NewClient(suite, "newcomer"));
  const auto decoded = [](View bytes) { return Must(DecodeMessage(bytes, {})); };
  CommitOptions options = Proposing({Add{package.key_package}});
  options.proposals.push_back(Must(scene[0].MakePsk(ExternalPsk{Bytes(5, 1)}, scene.world.env)));
  options.proposals.push_back({GroupContextExtensions{}});
  options.authenticated_data = Bytes(63, 2);
  scene.psks[Encode(PreSharedKeyID{ExternalPsk{Bytes(5, 1)}, {}}.body)] = Bytes(16, 1);
  std::vector<MLSMessage> messages = {decoded(scene.ProposeUpdate(0)), decoded(scene.Send(2, "text"))};
  const NewCommit commit = scene.MakeCommit(1, std::move(options));
  messages.push_back(decoded(commit.message));
  messages.push_back(decoded(commit.welcomes.at(0).message));
  messages.push_back({ProtocolVersion::mls10, GroupInfoMessage{scene.Info(2)}});
  messages.push_back({ProtocolVersion::mls10, KeyPackageMessage{package.key_package}});
  return messages;
}

CompanyOptions Talkative() {
  CompanyOptions options = Scene::Open();
  options.policy.send_with_uncommitted_proposals = Policy::Uncommitted::allow;
  return options;
}

// RefuseDeviance writes each place of each message deviantly in turn.
void RefuseDeviance(Deviance deviance, std::initializer_list<std::uint8_t> octets,
                    std::size_t places_at_least) {
  Scene scene(AllSuites()[0], 3, Talkative());
  std::size_t places = 0;
  for (const MLSMessage& message : EveryKind(scene)) {
    DeviantEncoding honest;
    REQUIRE(Equal(honest.Of(message), Encode(message)));
    for (const std::uint8_t octet : octets) {
      for (std::size_t at = 0;; ++at) {
        DeviantEncoding encoding(deviance, at, octet);
        const Bytes bytes = encoding.Of(message);
        if (at >= encoding.places()) break;
        CAPTURE(at);
        scene.RefusesToDecode(bytes, Error::MALFORMED);
        ++places;
      }
    }
  }
  CHECK(places >= places_at_least * octets.size());
}

// RefuseDeviantSecrets does the same to the GroupSecrets of a Welcome, and the content of a PrivateMessage.
void RefuseDeviantSecrets(Deviance deviance, std::initializer_list<std::uint8_t> octets,
                          std::size_t places_at_least) {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    Invitation invitation(scene);
    REQUIRE(invitation.secrets.path_secret.has_value());
    std::size_t places = 0;
    for (const std::uint8_t octet : octets) {
      for (std::size_t at = 0;; ++at, ++places) {
        DeviantEncoding encoding(deviance, at, octet);
        const Bytes deviant = encoding.Of(invitation.secrets);
        if (at >= encoding.places()) break;
        WelcomeForgery forgery;
        forgery.encoded_secrets = [&](Bytes& plain) { plain = deviant; };
        invitation.Refuses(forgery, Error::MALFORMED);
      }
    }
    CHECK(places >= places_at_least);
    invitation.TakesIt();
    scene.GoesOn();
  }
}

TEST_CASE("R2.1.1-01: optional<T> presence octet is only 0 or 1") {
  RefuseDeviance(Deviance::presence, {2, 0xFF}, 1);
  RefuseDeviantSecrets(Deviance::presence, {2, 0xFF}, 1);
  for (const std::uint8_t octet : {2, 0xFF}) {
    Scene scene(AllSuites()[0], 3);
    Invitation invitation(scene);
    for (const std::size_t entry : {0u, 1u, 2u}) {
      WelcomeForgery forgery;
      forgery.info = [&](GroupInfo& info) {
        const Nodes nodes = DecodeNodes(info.extensions.at(0).extension_data);
        Bytes before, after;
        before = EncodeNodes(Nodes(nodes.begin(), nodes.begin() + static_cast<std::ptrdiff_t>(entry)));
        const std::size_t at = Reader(before).Vector().size();
        Bytes all = ToBytes(Reader(info.extensions.at(0).extension_data).Vector());
        all.at(at) = octet;
        info.extensions.at(0).extension_data = Encode(all);
      };
      scene.RefusesJoin(invitation.Forge(forgery), invitation.package, Error::MALFORMED);
    }
    invitation.TakesIt();
    scene.GoesOn();
  }
}

TEST_CASE("R2.1.2-01: length varint uses the smallest size: 2-byte form only for >=64") {
  RefuseDeviance(Deviance::two_byte_length, {0}, 60);
  RefuseDeviantSecrets(Deviance::two_byte_length, {0}, 1);
}

TEST_CASE("R2.1.2-02: length varint uses the smallest size: 4-byte form only for >=16384") {
  RefuseDeviance(Deviance::four_byte_length, {0}, 80);
  RefuseDeviantSecrets(Deviance::four_byte_length, {0}, 2);
}

TEST_CASE("R2.1.2-03: varint prefix 11 is invalid") {
  RefuseDeviance(Deviance::reserved_prefix, {0xC0, 0xFF}, 80);
  RefuseDeviantSecrets(Deviance::reserved_prefix, {0xC0}, 2);
}

TEST_CASE("R2.1.2-04: truncated varint is malformed") {
  Scene scene(AllSuites()[0], 2);
  // A PublicMessage's group_id and a Welcome's secrets are the first vectors of theirs.
  for (const Bytes& start : {Bytes{0, 1, 0, 1}, Bytes{0, 1, 0, 2}, Bytes{0, 1, 0, 3, 0, 1}}) {
    for (const Bytes& length : {Bytes{}, Bytes{0x40}, Bytes{0x80}, Bytes{0x80, 0}, Bytes{0x80, 0, 0}}) {
      Bytes message = start;
      message.insert(message.end(), length.begin(), length.end());
      scene.RefusesToDecode(message, Error::MALFORMED);
    }
  }
}

TEST_CASE("R2.1.2-05: a declared length beyond the remaining input is malformed") {
  // What is asked of the allocator meanwhile is measured in core/wire/allocation_test.
  Scene scene(AllSuites()[0], 3, Talkative());
  const Bytes claim{0xBF, 0xFF, 0xFF, 0xFF};
  Bytes nested;  // five vectors, each of which claims the most there is
  for (int depth = 0; depth < 5; ++depth) nested.insert(nested.end(), claim.begin(), claim.end());
  nested.insert(nested.end(), 4, 0);
  for (const std::uint8_t format : {1, 2, 3, 4, 5}) {
    Bytes message{0, 1, 0, format};
    if (format == 3) message.insert(message.end(), {0, 1});
    if (format == 4) message.insert(message.end(), {0, 1, 0, 1});
    if (format == 5) message.insert(message.end(), {0, 1, 0, 1});
    message.insert(message.end(), nested.begin(), nested.end());
    scene.RefusesToDecode(message, Error::MALFORMED);
  }
  // At every length of an honest message.
  for (const MLSMessage& message : EveryKind(scene)) {
    const Bytes honest = Encode(message);
    for (std::size_t at = 0; at + 4 <= honest.size(); ++at) {
      Bytes changed = honest;
      std::copy(claim.begin(), claim.end(), changed.begin() + static_cast<std::ptrdiff_t>(at));
      const auto decoded = DecodeMessage(changed, {});
      // Where it overwrites content, the message may still be one; then it says the same when it is encoded.
      CHECK((!decoded.ok() || Encode(*decoded) == changed));
    }
  }
}

TEST_CASE("R2.1.2-06: encoder writes minimum form at the boundaries") {
  struct Case {
    std::size_t size, length_bytes;
  };
  for (const auto& [size, length_bytes] :
       {Case{0, 1}, Case{63, 1}, Case{64, 2}, Case{16'383, 2}, Case{16'384, 4}, Case{1u << 20, 4}}) {
    const Bytes encoded = Encode(Bytes(size, 7));
    CHECK(encoded.size() == size + length_bytes);
    // Read as RFC 9420 §2.1.2 writes it, not as our decoder does.
    std::size_t length = encoded[0] & 0x3f;
    for (std::size_t i = 1; i < length_bytes; ++i) length = length << 8 | encoded[i];
    CHECK((encoded[0] >> 6) == (length_bytes == 1 ? 0 : length_bytes == 2 ? 1 : 2));
    CHECK(length == size);
  }
}

TEST_CASE("R2.1.2-08: vector length is a whole number of elements") {
  Scene scene(AllSuites()[0], 3);
  Invitation invitation(scene);
  // capabilities.versions of three bytes, in a KeyPackage
  const KeyPackage& package = invitation.package.key_package;
  const LeafNode& leaf = package.leaf_node;
  Bytes message = EncodeMessage(KeyPackageMessage{package});
  const std::size_t at = 4 + EncodedSize(package.version, package.cipher_suite, package.init_key,
                                         leaf.encryption_key, leaf.signature_key, leaf.credential);
  REQUIRE(message.at(at) == 2);
  message[at] = 3;
  message.insert(message.begin() + static_cast<std::ptrdiff_t>(at) + 1, 0);
  scene.RefusesToDecode(message, Error::MALFORMED);
  // unmerged_leaves of six bytes, in a tree
  WelcomeForgery forgery;
  forgery.info = [](GroupInfo& info) {
    Bytes nodes;
    const Bytes parent = Encode(Bytes(32, 9), Bytes(), Bytes{0, 0, 0, 1, 0, 0});
    for (const auto& node : DecodeNodes(info.extensions.at(0).extension_data)) {
      Bytes entry{static_cast<std::uint8_t>(node.has_value())};
      if (node) {
        const bool is_parent = std::holds_alternative<ParentNode>(*node);
        entry.push_back(is_parent ? 2 : 1);
        const Bytes body = is_parent ? parent : Encode(std::get<LeafNode>(*node));
        entry.insert(entry.end(), body.begin(), body.end());
      }
      nodes.insert(nodes.end(), entry.begin(), entry.end());
    }
    info.extensions.at(0).extension_data = Encode(nodes);
  };
  scene.RefusesJoin(invitation.Forge(forgery), invitation.package, Error::MALFORMED);
  invitation.TakesIt();
  scene.GoesOn();
}

TEST_CASE("R2.1.2-09: inner vector may not run past the enclosing vector") {
  Scene scene(AllSuites()[0], 2);
  const Client client = scene.world.NewClient(AllSuites()[0], "newcomer");
  KeyPackage package = scene.world.NewKeyPackageOf(client).key_package;
  package.extensions = {{ExtensionType{0xF001}, Bytes(3, 1)}};
  const Bytes honest = EncodeMessage(KeyPackageMessage{package});
  REQUIRE(DecodeMessage(honest, {}).ok());
  // …| extensions: length 6 | type F001 | data: length 3 | 1 1 1 | signature
  const std::size_t at = honest.size() - EncodedSize(package.signature) - 4;
  REQUIRE(honest.at(at) == 3);
  for (const std::uint8_t longer : {4, 5, 63}) {
    Bytes message = honest;
    message[at] = longer;
    scene.RefusesToDecode(message, Error::MALFORMED);
  }
}

TEST_CASE("R2.1.2-10: no bytes after the last field of a top-level structure") {
  Scene scene(AllSuites()[0], 3, Talkative());
  const std::vector<MLSMessage> messages = EveryKind(scene);
  REQUIRE(messages.size() == 6);
  for (const MLSMessage& message : messages) {
    Bytes longer = Encode(message);
    longer.push_back(0);
    scene.RefusesToDecode(longer, Error::MALFORMED);
  }
}

TEST_CASE("R2.1.2-11: no trailing bytes inside a known structured extension") {
  Scene scene(AllSuites()[0], 3);
  const Insider insider(scene, 2);
  const ExternalSender sender{scene.client(0).profile.signature_key, scene.client(0).profile.credential};
  for (Extension extension :
       {MakeExtension(RequiredCapabilities{}), MakeExtension(ExternalSenders{{sender}})}) {
    extension.extension_data.push_back(0);
    scene.Refuses(1, insider.Public(Proposal{GroupContextExtensions{{extension}}}), Error::MALFORMED);
    CommitForgery forgery;
    forgery.proposals = {Value({GroupContextExtensions{{extension}}})};
    scene.Refuses(1, ForgeCommit(insider, forgery).message, Error::MALFORMED);
  }
  const auto longer = [](ExtensionType type) {
    return [type](GroupInfo& info) {
      for (Extension& extension : info.extensions) {
        if (extension.extension_type == type) extension.extension_data.push_back(0);
      }
    };
  };
  for (const ExtensionType type : {ExtensionType::ratchet_tree, ExtensionType::external_pub}) {
    InfoForgery forgery;
    forgery.info = longer(type);
    scene.RefusesJoinByCommit(scene.world.NewClient(AllSuites()[0], "stranger"),
                              ForgeInfo(scene, scene.Info(0), forgery), Error::MALFORMED);
  }
  Invitation invitation(scene);
  WelcomeForgery forgery;
  forgery.info = longer(ExtensionType::ratchet_tree);
  invitation.Refuses(forgery, Error::MALFORMED);
  invitation.TakesIt();
  scene.GoesOn();
}

TEST_CASE("R2.1.2-12: nesting and recursion in decoding are bounded") {
  // No structure contains itself (core/message/nesting_test computes the depth of each), so what looks like
  // 100,000 extensions in extensions is one extension with opaque data, and a list that opens at every byte
  // ends.
  Scene scene(AllSuites()[0], 2);
  Bytes matryoshka;
  for (int level = 0; level < 1000; ++level)
    matryoshka = Encode(Extensions{{ExtensionType{0xF001}, matryoshka}});
  KeyPackage package = scene.world.NewKeyPackageOf(scene.client(0)).key_package;
  package.extensions = {{ExtensionType{0xF001}, matryoshka}};
  CHECK(DecodeMessage(EncodeMessage(KeyPackageMessage{package}), {}).ok());
  for (const std::uint8_t byte : {0x01, 0x3F, 0x7F, 0x80, 0xBF}) {
    Bytes bytes(100'000, byte);
    for (const std::uint8_t format : {1, 2, 3, 4, 5}) {
      std::copy_n(Bytes{0, 1, 0, format}.begin(), 4, bytes.begin());
      scene.RefusesToDecode(bytes, Error::MALFORMED);
    }
  }
}

}  // namespace
}  // namespace mls::test
