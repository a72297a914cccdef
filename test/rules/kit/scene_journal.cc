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

std::string Listed(std::string_view name, const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ",") + value;
  return Quoted(name) + ":[" + text + "]";
}

template <class Type>
std::string Numbers(std::string_view name, const std::vector<Type>& values) {
  std::vector<std::string> texts;
  for (const Type value : values) texts.push_back(std::to_string(static_cast<unsigned>(value)));
  return Listed(name, texts);
}

// IsKnown: a credential that a client of the JavaScript API can be opened with.
bool IsKnown(const Credential& credential) {
  return !std::holds_alternative<OpaqueCredential>(credential.body);
}

// IsUsual: a client whom the JavaScript API can be: what it may say of itself besides is more types.
bool IsUsual(const MemberProfile& profile) {
  const Capabilities& all = profile.capabilities;
  return IsKnown(profile.credential) && all.Supports(ProtocolVersion::mls10) &&
         all.Supports(CredentialType::basic) && all.Supports(CredentialType::x509) &&
         std::all_of(AllSuites().begin(), AllSuites().end(),
                     [&](const Suite& suite) { return all.Supports(suite.id); });
}

// CredentialField: an identity, or certificates.
std::string CredentialField(const Credential& credential) {
  if (const auto* basic = std::get_if<BasicCredential>(&credential.body)) {
    return Field("identity", basic->identity);
  }
  std::vector<std::string> certificates;
  for (const Certificate& one : std::get<X509Credential>(credential.body).certificates) {
    certificates.push_back(Quoted(Hex(one.cert_data)));
  }
  return Listed("certificates", certificates);
}

std::string ExtensionsField(const Extensions& extensions) {
  std::vector<std::string> texts;
  for (const Extension& one : extensions) {
    texts.push_back("{" + Field("type", static_cast<std::uint64_t>(one.extension_type)) + "," +
                    Field("data", one.extension_data) + "}");
  }
  return Listed("leafExtensions", texts);
}

std::string_view Name(Outcome outcome) { return outcome ? Describe(*outcome).name : "taken"; }

std::string PackageFields(const NewKeyPackage& package) {
  return Field("keyPackage", EncodeMessage(KeyPackageMessage{package.key_package})) + "," +
         CredentialField(package.key_package.leaf_node.credential) + "," +
         Field("signatureKey", package.keys.signature_private_key) + "," +
         Field("initKey", package.keys.init_private_key) + "," +
         Field("encryptionKey", package.keys.encryption_private_key);
}

bool IsWritten() { return std::getenv("NODE_MLS_RULES_JOURNAL") != nullptr; }

// A client of its own in a store of its own, for a member that is found there (docs/store-format.md).
const Bytes kSealingKey(Sealer::kKeySize, 7);

// ScopeOf names the scope of the first group of the client with this name; the group's handle is zeros.
Bytes ScopeOf(std::string_view client) {
  const Suite* suite = FindSuite(CipherSuite{1});  // its hash is SHA-256
  const Digest name = Must(Hash(*suite, {AsView("node-mls client"), AsView(client)}));
  Bytes scope = {2};
  scope.insert(scope.end(), name.view().begin(), name.view().begin() + 16);
  scope.resize(scope.size() + 16);
  return scope;
}

Bytes SealedRowsOf(const Group& group, View scope) {
  Batch batch;
  group.Save(batch);
  SystemRandom random;  // the scene's own is not to notice
  return Must(SealedRows(Must(Sealer::ForScope(kSealingKey, scope))).Pack(batch, random));
}

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

bool SceneJournal::Hears(Outcome outcome) {
  if (!IsWritten()) return false;
  if (over_ && outcome) ++left_out_;
  return !over_;
}

SceneJournal::Life& SceneJournal::Found(std::size_t member) {
  const Group& group = (*company)[member];
  const Client& client = company->client(member);
  const Bytes scope = ScopeOf(client.name);
  const bool joining = group.phase() == Phase::joining;
  Life& life = Begin(Setting() + "," + Field("kind", "life") + "," + Field("identity", AsView(client.name)) +
                     "," + Field("signatureKey", client.profile.signature_private_key) + "," +
                     Field("groupId", group.context().group_id) + "," +
                     Field("status", joining ? "joining" : "active") + "," + Field("scope", scope) + "," +
                     Field("sealingKey", kSealingKey) + "," + Field("rows", SealedRowsOf(group, scope)));
  // What is open may be decided at any moment, and nobody says so here.
  if (!joining && group.candidates().empty()) present_[member] = &life;
  return life;
}

SceneJournal::Life* SceneJournal::LifeOf(std::size_t member, Outcome outcome) {
  if (!Hears(outcome)) return nullptr;
  const auto present = present_.find(member);
  if (present != present_.end()) return present->second;
  if (!outcome) return nullptr;  // it is another now, and how it was before nobody knows
  if ((*company)[member].phase() == Phase::removed) {
    ++left_out_;  // its store has nothing
    return nullptr;
  }
  return &Found(member);
}

void SceneJournal::Joins(std::optional<std::size_t> member, View welcome, const NewKeyPackage& package,
                         View ratchet_tree, Outcome outcome) {
  if (!Hears(outcome)) return;
  if (!IsKnown(package.key_package.leaf_node.credential)) {
    if (outcome) ++left_out_;
    return;
  }
  const std::string fields = PackageFields(package);
  auto known = newcomers_.find(fields);
  if (known == newcomers_.end()) {
    Life& life = Begin(Setting() + "," + Field("kind", "life") + "," + fields);
    known = newcomers_.emplace(fields, &life).first;
  }
  Life* life = known->second;
  life->steps.push_back(
      {now(), ToBytes(welcome), outcome, CurrentRule(), "join", "," + Field("tree", ratchet_tree)});
  if (!member) return;
  present_[*member] = life;
  newcomers_.erase(known);  // the key package is used up
}

void SceneJournal::Receives(std::size_t member, View message, Outcome outcome) {
  if (Life* life = LifeOf(member, outcome)) {
    life->steps.push_back({now(), ToBytes(message), outcome, CurrentRule(), "receive"});
  }
}

void SceneJournal::NoteRefusedAdd(std::size_t member, const KeyPackage& package, Error error) {
  if (Life* life = LifeOf(member, error)) {
    life->steps.push_back({now(), EncodeMessage(KeyPackageMessage{package}), error, CurrentRule(), "add"});
  }
}

void SceneJournal::NoteSuccessor(std::size_t member, View welcome, const NewKeyPackage& package,
                                 Outcome outcome) {
  if (Life* life = LifeOf(member, outcome)) {
    life->steps.push_back(
        {now(), ToBytes(welcome), outcome, CurrentRule(), "succeed", "," + PackageFields(package)});
  }
}

void SceneJournal::NoteJoinByCommit(const Client& client, const GroupInfo& info, View ratchet_tree,
                                    Outcome outcome) {
  if (!Hears(outcome)) return;
  if (!IsUsual(client.profile)) {
    if (outcome) ++left_out_;
    return;
  }
  const Capabilities& all = client.profile.capabilities;
  lines_.push_back(Setting() + Psks() + "," + Field("kind", "joinByCommit") + "," +
                   Numbers("extensionTypes", all.extensions) + "," + Numbers("proposalTypes", all.proposals) +
                   "," + Numbers("credentialTypes", all.credentials) + "," +
                   CredentialField(client.profile.credential) + "," +
                   ExtensionsField(client.profile.leaf_extensions) + "," +
                   Field("signatureKey", client.profile.signature_private_key) + "," +
                   Field("groupInfo", EncodeMessage(GroupInfoMessage{info})) + "," +
                   Field("tree", ratchet_tree) + "," + Field("outcome", Name(outcome)) + "}");
}

void SceneJournal::NoteDecode(View bytes, Outcome outcome) {
  if (!Hears(outcome)) return;
  lines_.push_back(Setting() + Psks() + "," + Field("kind", "decode") + "," + Field("message", bytes) + "," +
                   Field("outcome", Name(outcome)) + "}");
}

void SceneJournal::Write() const {
  const auto path = FileOf(".jsonl");
  if (!path) return;
  std::ofstream out(*path, std::ios::app);
  for (const std::string& line : lines_) out << line << "\n";
  for (const Life& life : lives_) {
    if (life.steps.size() == 1 && !life.steps[0].outcome) continue;  // came in, and was given nothing
    out << life.beginning << Psks() << ",\"steps\":[";
    for (std::size_t i = 0; i < life.steps.size(); ++i) {
      const Step& step = life.steps[i];
      out << (i == 0 ? "{" : ",{") << Field("rule", step.rule) << "," << Field("kind", step.kind) << ","
          << Field("now", step.now) << "," << Field("outcome", Name(step.outcome)) << ","
          << Field("message", step.message) << step.more << "}";
    }
    out << "]}\n";
  }
  if (left_out_ == 0) return;
  out << Setting() << "," << Field("kind", "leftOut") << ","
      << Field("count", static_cast<std::uint64_t>(left_out_)) << "}\n";
}

}  // namespace mls::test
