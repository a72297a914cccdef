// One client of MLS++ that does what it is told, line by line; README.md has the protocol.

#include <mls/state.h>

#include <exception>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace mls;
using Words = std::vector<std::string>;

const std::string kNone = "-";

bytes FromWord(const std::string& word) { return word == kNone ? bytes{} : from_hex(word); }

std::string ToWord(const bytes& data) { return data.empty() ? kNone : to_hex(data); }

template <typename T>
std::string Encode(const T& value) {
  return ToWord(bytes(tls::marshal(value)));
}

template <typename T>
T Decode(const std::string& word) {
  return tls::get<T>(FromWord(word).as_vec());
}

// The content of an MLSMessage that must be of one kind.
template <typename T>
T DecodeMessage(const std::string& word) {
  const auto message = Decode<MLSMessage>(word);
  return var::get<T>(message.message);
}

// The private half of a key package.
struct Keys {
  HPKEPrivateKey init;
  HPKEPrivateKey leaf;
  KeyPackage key_package;
};

class Client {
 public:
  Client(CipherSuite suite, bytes identity)
      : suite_(suite), identity_(std::move(identity)), signature_key_(SignaturePrivateKey::generate(suite)) {}

  std::string MakeKeyPackage() {
    keys_ = Generate();
    return Encode(MLSMessage(keys_->key_package));
  }

  std::string Create(const std::string& group_id) {
    const auto keys = Generate();
    state_ = State(FromWord(group_id), suite_, keys.leaf, signature_key_, keys.key_package.leaf_node, {});
    return {};
  }

  std::string AddPsk(const std::string& id, const std::string& secret) {
    psks_[FromWord(id)] = FromWord(secret);
    if (state_) state_->add_external_psk(FromWord(id), FromWord(secret));
    return {};
  }

  std::string Commit(const Words& words) {
    auto& state = Current();
    CommitOpts options;
    options.inline_tree = true;
    options.force_path = true;
    bool adds = false;
    for (size_t i = 1; i + 1 < words.size(); i += 2) {
      const auto& kind = words[i];
      const auto& value = words[i + 1];
      if (kind == "add") {
        adds = true;
        options.extra_proposals.push_back(state.add_proposal(DecodeMessage<KeyPackage>(value)));
      } else if (kind == "remove") {
        options.extra_proposals.push_back(
            state.remove_proposal(LeafIndex{static_cast<uint32_t>(std::stoul(value))}));
      } else if (kind == "psk") {
        options.extra_proposals.push_back(state.pre_shared_key_proposal(FromWord(value)));
      } else {
        throw std::invalid_argument("unknown change " + kind);
      }
    }
    auto [commit, welcome, next] = state.commit(random_bytes(suite_.secret_size()), options, Private());
    state_ = std::move(next);
    return Encode(commit) + " " + (adds ? Encode(MLSMessage(welcome)) : kNone);
  }

  std::string Join(const std::string& welcome, const std::string& tree) {
    if (!keys_) throw std::logic_error("no key package");
    state_ = State(keys_->init, keys_->leaf, signature_key_, keys_->key_package,
                   DecodeMessage<Welcome>(welcome), Decode<TreeKEMPublicKey>(tree), psks_);
    AddPsks();
    return {};
  }

  std::string JoinExternal(const std::string& group_info) {
    const auto keys = Generate();
    const MessageOpts in_clear;
    auto [commit, next] =
        State::external_join(random_bytes(suite_.secret_size()), signature_key_, keys.key_package,
                             DecodeMessage<GroupInfo>(group_info), std::nullopt, in_clear, std::nullopt, {});
    state_ = std::move(next);
    AddPsks();
    return Encode(commit);
  }

  std::string Send(const std::string& data) { return Encode(Current().protect({}, FromWord(data), 0)); }

  std::string Open(const std::string& message) {
    const auto [authenticated_data, data] = Current().unprotect(Decode<MLSMessage>(message));
    return ToWord(data);
  }

  std::string Handle(const std::string& message) {
    auto& state = Current();
    const auto content = state.unwrap(Decode<MLSMessage>(message));
    // MLS++ cannot process its own removal; it is recognised here and ends the membership.
    if (Removes(content.authenticated_content().content, state.index())) {
      state_.reset();
      return "removed";
    }
    auto next = state.handle(content);
    if (!next) return "proposal";
    state_ = std::move(*next);
    return "commit";
  }

  std::string MakeGroupInfo() { return Encode(MLSMessage(Current().group_info(true))); }
  std::string Tree() { return Encode(Current().tree()); }
  std::string Epoch() { return std::to_string(Current().epoch()); }
  std::string Authenticator() { return ToWord(Current().epoch_authenticator()); }

  std::string Export(const std::string& label, const std::string& context, const std::string& length) {
    return ToWord(Current().do_export(to_ascii(FromWord(label)), FromWord(context), std::stoul(length)));
  }

  std::string Leaf(const std::string& identity) {
    const auto wanted = Credential::basic(FromWord(identity));
    std::optional<uint32_t> found;
    Current().tree().all_leaves([&](auto index, const auto& leaf) {
      if (leaf.credential == wanted) found = index.val;
      return true;
    });
    if (!found) throw std::invalid_argument("no such member");
    return std::to_string(*found);
  }

 private:
  State& Current() {
    if (!state_) throw std::logic_error("in no group");
    return *state_;
  }

  // Handshake messages are private, as those of the others.
  static MessageOpts Private() {
    MessageOpts options;
    options.encrypt = true;
    return options;
  }

  Keys Generate() const {
    Keys keys{HPKEPrivateKey::generate(suite_), HPKEPrivateKey::generate(suite_), {}};
    const auto leaf =
        LeafNode(suite_, keys.leaf.public_key, signature_key_.public_key, Credential::basic(identity_),
                 Capabilities::create_default(), Lifetime::create_default(), {}, signature_key_);
    keys.key_package = KeyPackage(suite_, keys.init.public_key, leaf, {}, signature_key_);
    return keys;
  }

  void AddPsks() {
    for (const auto& [id, secret] : psks_) state_->add_external_psk(id, secret);
  }

  // True for a commit with a Remove of the leaf, by value: that is how the tests remove.
  static bool Removes(const GroupContent& content, LeafIndex leaf) {
    if (content.content_type() != ContentType::commit) return false;
    for (const auto& entry : var::get<mls::Commit>(content.content).proposals) {
      if (!var::holds_alternative<Proposal>(entry.content)) continue;
      const auto& proposal = var::get<Proposal>(entry.content).content;
      if (var::holds_alternative<Remove>(proposal) && var::get<Remove>(proposal).removed == leaf) return true;
    }
    return false;
  }

  CipherSuite suite_;
  bytes identity_;
  SignaturePrivateKey signature_key_;
  std::optional<Keys> keys_;
  std::optional<State> state_;
  std::map<bytes, bytes> psks_;
};

// One request to the client, with the number of words that it takes at least.
struct Request {
  size_t words;
  std::function<std::string(Client&, const Words&)> run;
};

const std::map<std::string, Request>& Requests() {
  static const std::map<std::string, Request> requests = {
      {"key-package", {1, [](Client& c, const Words&) { return c.MakeKeyPackage(); }}},
      {"create", {2, [](Client& c, const Words& w) { return c.Create(w[1]); }}},
      {"psk", {3, [](Client& c, const Words& w) { return c.AddPsk(w[1], w[2]); }}},
      {"commit", {1, [](Client& c, const Words& w) { return c.Commit(w); }}},
      {"join", {3, [](Client& c, const Words& w) { return c.Join(w[1], w[2]); }}},
      {"join-external", {2, [](Client& c, const Words& w) { return c.JoinExternal(w[1]); }}},
      {"send", {2, [](Client& c, const Words& w) { return c.Send(w[1]); }}},
      {"open", {2, [](Client& c, const Words& w) { return c.Open(w[1]); }}},
      {"handle", {2, [](Client& c, const Words& w) { return c.Handle(w[1]); }}},
      {"group-info", {1, [](Client& c, const Words&) { return c.MakeGroupInfo(); }}},
      {"tree", {1, [](Client& c, const Words&) { return c.Tree(); }}},
      {"leaf", {2, [](Client& c, const Words& w) { return c.Leaf(w[1]); }}},
      {"epoch", {1, [](Client& c, const Words&) { return c.Epoch(); }}},
      {"authenticator", {1, [](Client& c, const Words&) { return c.Authenticator(); }}},
      {"export", {4, [](Client& c, const Words& w) { return c.Export(w[1], w[2], w[3]); }}},
  };
  return requests;
}

std::string Answer(std::optional<Client>& client, const Words& words) {
  if (words.at(0) == "client") {
    client.emplace(CipherSuite(static_cast<CipherSuite::ID>(std::stoul(words.at(1)))), FromWord(words.at(2)));
    return {};
  }
  const auto found = Requests().find(words[0]);
  if (found == Requests().end() || words.size() < found->second.words)
    throw std::invalid_argument("unknown request");
  if (!client) throw std::logic_error("client comes first");
  return found->second.run(*client, words);
}

}  // namespace

int main() {
  std::optional<Client> client;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream stream(line);
    Words words;
    for (std::string word; stream >> word;) words.push_back(word);
    if (words.empty()) continue;
    try {
      const auto result = Answer(client, words);
      std::cout << (result.empty() ? "ok" : "ok " + result) << std::endl;
    } catch (const std::exception& error) {
      std::cout << "error " << error.what() << std::endl;
    }
  }
  return 0;
}
