#include "kit/scene_journal.h"

#include <cstdlib>
#include <fstream>

#include "kit/rule.h"

namespace mls::test {

namespace {

std::string Hex(View bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const std::uint8_t byte : bytes) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

std::string Quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }
std::string Field(std::string_view name, std::string_view text) { return Quoted(name) + ":" + Quoted(text); }
std::string Field(std::string_view name, View bytes) { return Field(name, Hex(bytes)); }
std::string Field(std::string_view name, std::uint64_t number) {
  return Quoted(name) + ":" + std::to_string(number);
}

template <class Type>
std::string Numbers(std::string_view name, const std::vector<Type>& values) {
  std::string text;
  for (const Type value : values)
    text += (text.empty() ? "" : ",") + std::to_string(static_cast<unsigned>(value));
  return Quoted(name) + ":[" + text + "]";
}

// IsUsual: a client whom the JavaScript API can be: what it may say of itself besides is more types.
bool IsUsual(const MemberProfile& profile) {
  const Capabilities& all = profile.capabilities;
  return profile.leaf_extensions.empty() &&
         std::holds_alternative<BasicCredential>(profile.credential.body) &&
         all.Supports(ProtocolVersion::mls10) && all.Supports(CredentialType::basic) &&
         all.Supports(CredentialType::x509) &&
         std::all_of(AllSuites().begin(), AllSuites().end(),
                     [&](const Suite& suite) { return all.Supports(suite.id); });
}

std::string_view Name(Outcome outcome) { return outcome ? Describe(*outcome).name : "taken"; }

// Only clients with a basic credential are opened again by the replay.
bool IsBasic(const NewKeyPackage& package) {
  return std::holds_alternative<BasicCredential>(package.key_package.leaf_node.credential.body);
}
View IdentityOf(const NewKeyPackage& package) {
  return std::get<BasicCredential>(package.key_package.leaf_node.credential.body).identity;
}

std::string PackageFields(const NewKeyPackage& package) {
  return Field("keyPackage", EncodeMessage(KeyPackageMessage{package.key_package})) + "," +
         Field("identity", IdentityOf(package)) + "," +
         Field("signatureKey", package.keys.signature_private_key) + "," +
         Field("initKey", package.keys.init_private_key) + "," +
         Field("encryptionKey", package.keys.encryption_private_key);
}

bool IsWritten() { return std::getenv("NODE_MLS_RULES_JOURNAL") != nullptr; }

}  // namespace

std::string SceneJournal::Setting() const {
  std::string custom;
  for (const CustomProposalType& type : policy_.custom_proposals) {
    if (!custom.empty()) custom += ",";
    custom += "{" + Field("type", static_cast<std::uint64_t>(type.type)) + "," +
              Field("path", type.path == CustomProposalType::Path::required ? "required" : "optional") + "," +
              Field("external", std::uint64_t{type.external == CustomProposalType::External::allowed}) + "}";
  }
  static constexpr const char* kExternalCommits[] = {"refuse", "join", "resync"};
  return "{" + Field("rule", CurrentRule()) + "," + Field("suite", static_cast<std::uint64_t>(suite_.id)) +
         "," + Field("now", now()) + "," +
         Field("lifetimes", policy_.lifetimes == Policy::Lifetimes::check ? "check" : "ignore") + "," +
         Field("externalCommits", kExternalCommits[static_cast<int>(policy_.external_commits)]) + "," +
         Field("newMemberProposals",
               policy_.new_member_proposals == Policy::NewMemberProposals::allow ? "allow" : "refuse") +
         ",\"customProposals\":[" + custom + "]";
}

std::string SceneJournal::Psks() const {
  std::string psks;
  if (company != nullptr) {
    for (const auto& [id, value] : company->psks) {
      if (!psks.empty()) psks += ",";
      psks += "[" + Quoted(Hex(id)) + "," + Quoted(Hex(value)) + "]";
    }
  }
  return ",\"psks\":[" + psks + "]";
}

void SceneJournal::Joins(std::optional<std::size_t> member, View welcome, const NewKeyPackage& package,
                         View ratchet_tree, Outcome outcome) {
  if (over_ || !IsWritten() || !IsBasic(package)) return;
  const std::string joining =
      "," + PackageFields(package) + "," + Field("welcome", welcome) + "," + Field("tree", ratchet_tree);
  if (member) {
    lives_[*member].beginning = Setting() + "," + Field("kind", "life") + joining;
  } else {
    refusals_.push_back(Setting() + Psks() + "," + Field("kind", "join") + joining + "," +
                        Field("outcome", Name(outcome)) + "}");
  }
}

void SceneJournal::Receives(std::size_t member, View message, Outcome outcome) {
  const auto life = lives_.find(member);
  if (over_ || life == lives_.end() || life->second.ended) return;
  life->second.steps.push_back({now(), ToBytes(message), outcome, CurrentRule(), "receive"});
}

void SceneJournal::Acts(std::size_t member) {
  const auto life = lives_.find(member);
  if (life != lives_.end()) life->second.ended = true;
}

void SceneJournal::NoteJoinByCommit(const Client& client, const GroupInfo& info, View ratchet_tree,
                                    Outcome outcome) {
  if (over_ || !IsWritten() || !IsUsual(client.profile)) return;
  const Capabilities& all = client.profile.capabilities;
  refusals_.push_back(
      Setting() + Psks() + "," + Field("kind", "joinByCommit") + "," +
      Numbers("extensionTypes", all.extensions) + "," + Numbers("proposalTypes", all.proposals) + "," +
      Numbers("credentialTypes", all.credentials) + "," + Field("identity", AsView(client.name)) + "," +
      Field("signatureKey", client.profile.signature_private_key) + "," +
      Field("groupInfo", EncodeMessage(GroupInfoMessage{info})) + "," + Field("tree", ratchet_tree) + "," +
      Field("outcome", Name(outcome)) + "}");
}

void SceneJournal::NoteRefusedAdd(std::size_t member, const KeyPackage& package, Error error) {
  const auto life = lives_.find(member);
  if (over_ || life == lives_.end() || life->second.ended) return;
  life->second.steps.push_back(
      {now(), EncodeMessage(KeyPackageMessage{package}), error, CurrentRule(), "add"});
}

void SceneJournal::NoteRefusedSuccessor(std::size_t member, View welcome, const NewKeyPackage& package,
                                        Error error) {
  const auto life = lives_.find(member);
  if (over_ || !IsWritten() || life == lives_.end() || life->second.ended) return;
  life->second.steps.push_back(
      {now(), ToBytes(welcome), error, CurrentRule(), "succeed", "," + PackageFields(package)});
}

void SceneJournal::NoteDecode(View bytes, Outcome outcome) {
  if (over_ || !IsWritten()) return;
  refusals_.push_back(Setting() + Psks() + "," + Field("kind", "decode") + "," + Field("message", bytes) +
                      "," + Field("outcome", Name(outcome)) + "}");
}

void SceneJournal::Write() const {
  const auto path = FileOf(".jsonl");
  if (!path) return;
  std::ofstream out(*path, std::ios::app);
  for (const std::string& line : refusals_) out << line << "\n";
  for (const auto& [member, life] : lives_) {
    if (life.steps.empty()) continue;
    out << life.beginning << Psks() << ",\"steps\":[";
    for (std::size_t i = 0; i < life.steps.size(); ++i) {
      const Step& step = life.steps[i];
      out << (i == 0 ? "{" : ",{") << Field("rule", step.rule) << "," << Field("kind", step.kind) << ","
          << Field("now", step.now) << "," << Field("outcome", Name(step.outcome)) << ","
          << Field("message", step.message) << step.package << "}";
    }
    out << "]}\n";
  }
}

}  // namespace mls::test
