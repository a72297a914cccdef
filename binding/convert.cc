#include "convert.h"

namespace mls::binding {

namespace {

template <class T>
Napi::Array List(Napi::Env env, const std::vector<T>& values) {
  Napi::Array array = Napi::Array::New(env, values.size());
  for (std::uint32_t i = 0; i < values.size(); ++i) array.Set(i, Number(env, values[i]));
  return array;
}

const char* Name(ResumptionPSKUsage usage) {
  switch (usage) {
    case ResumptionPSKUsage::application:
      return "application";
    case ResumptionPSKUsage::reinit:
      return "reinit";
    default:
      return "branch";
  }
}

const char* Name(Phase phase) {
  switch (phase) {
    case Phase::joining:
      return "joining";
    case Phase::active:
      return "active";
    case Phase::suspended:
      return "suspended";
    default:
      return "removed";
  }
}

const char* Name(CredentialRole role) {
  switch (role) {
    case CredentialRole::member:
      return "member";
    case CredentialRole::successor:
      return "successor";
    default:
      return "external-sender";
  }
}

}  // namespace

Napi::Value ToJs(Napi::Env env, View bytes) {
  Napi::Uint8Array array = Napi::Uint8Array::New(env, bytes.size());
  if (!bytes.empty()) std::memcpy(array.Data(), bytes.data(), bytes.size());
  return array;
}

Napi::Value ToJs(Napi::Env env, const std::vector<LeafIndex>& leaves) {
  Napi::Uint32Array array = Napi::Uint32Array::New(env, leaves.size());
  for (std::size_t i = 0; i < leaves.size(); ++i) array[i] = leaves[i].value;
  return array;
}

Napi::Value ToJs(Napi::Env env, const Credential& credential) {
  Napi::Object object = Napi::Object::New(env);
  if (const auto* basic = std::get_if<BasicCredential>(&credential.body)) {
    object.Set("type", Text(env, "basic"));
    object.Set("identity", ToJs(env, View(basic->identity)));
  } else if (const auto* x509 = std::get_if<X509Credential>(&credential.body)) {
    object.Set("type", Text(env, "x509"));
    Napi::Array chain = Napi::Array::New(env, x509->certificates.size());
    for (std::uint32_t i = 0; i < x509->certificates.size(); ++i) {
      chain.Set(i, ToJs(env, View(x509->certificates[i].cert_data)));
    }
    object.Set("certificates", chain);
  } else {
    const auto& other = std::get<OpaqueCredential>(credential.body);
    object.Set("type", Text(env, "other"));
    object.Set("credentialType", Number(env, other.tag));
    object.Set("data", ToJs(env, View(other.data)));
  }
  return object;
}

Napi::Value ToJs(Napi::Env env, const Extensions& extensions) {
  Napi::Array array = Napi::Array::New(env, extensions.size());
  for (std::uint32_t i = 0; i < extensions.size(); ++i) {
    Napi::Object one = Napi::Object::New(env);
    one.Set("type", Number(env, extensions[i].extension_type));
    one.Set("data", ToJs(env, View(extensions[i].extension_data)));
    array.Set(i, one);
  }
  return array;
}

Napi::Value ToJs(Napi::Env env, const Capabilities& capabilities) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("suites", List(env, capabilities.cipher_suites));
  object.Set("extensions", List(env, capabilities.extensions));
  object.Set("proposals", List(env, capabilities.proposals));
  object.Set("credentials", List(env, capabilities.credentials));
  return object;
}

Napi::Value ToJs(Napi::Env env, const Sender& sender) {
  Napi::Object object = Napi::Object::New(env);
  switch (sender.sender_type) {
    case SenderType::member:
      object.Set("type", Text(env, "member"));
      object.Set("leafIndex", Number(env, sender.leaf_index.value));
      break;
    case SenderType::external:
      object.Set("type", Text(env, "external"));
      object.Set("index", Number(env, sender.sender_index));
      break;
    case SenderType::new_member_proposal:
      object.Set("type", Text(env, "new-member-proposal"));
      break;
    case SenderType::new_member_commit:
      object.Set("type", Text(env, "new-member-commit"));
      break;
  }
  return object;
}

Napi::Value ToJs(Napi::Env env, const PreSharedKeyID& id) {
  Napi::Object object = Napi::Object::New(env);
  if (const auto* external = std::get_if<ExternalPsk>(&id.body)) {
    object.Set("type", Text(env, "external"));
    object.Set("id", ToJs(env, View(external->psk_id)));
  } else {
    const auto& resumption = std::get<ResumptionPsk>(id.body);
    object.Set("type", Text(env, "resumption"));
    object.Set("usage", Text(env, Name(resumption.usage)));
    object.Set("groupId", ToJs(env, View(resumption.psk_group_id)));
    object.Set("epoch", ToJs(env, resumption.psk_epoch));
  }
  object.Set("nonce", ToJs(env, View(id.psk_nonce)));
  return object;
}

Napi::Value ToJs(Napi::Env env, const ReInit& reinit) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("groupId", ToJs(env, View(reinit.group_id)));
  object.Set("suite", Number(env, reinit.cipher_suite));
  object.Set("extensions", ToJs(env, reinit.extensions));
  return object;
}

Napi::Value ToJs(Napi::Env env, const Proposal& proposal) {
  Napi::Object object = Napi::Object::New(env);
  if (const auto* add = proposal.As<Add>()) {
    object.Set("type", Text(env, "add"));
    object.Set("keyPackage", ToJs(env, View(EncodeMessage(KeyPackageMessage{add->key_package}))));
    object.Set("credential", ToJs(env, add->key_package.leaf_node.credential));
  } else if (const auto* update = proposal.As<Update>()) {
    object.Set("type", Text(env, "update"));
    object.Set("leafNode", ToJs(env, View(Encode(update->leaf_node))));
    object.Set("credential", ToJs(env, update->leaf_node.credential));
  } else if (const auto* remove = proposal.As<Remove>()) {
    object.Set("type", Text(env, "remove"));
    object.Set("leafIndex", Number(env, remove->removed.value));
  } else if (const auto* psk = proposal.As<PreSharedKey>()) {
    object.Set("type", Text(env, "psk"));
    object.Set("psk", ToJs(env, psk->psk));
  } else if (const auto* reinit = proposal.As<ReInit>()) {
    object.Set("type", Text(env, "reinit"));
    object.Set("reinit", ToJs(env, *reinit));
  } else if (proposal.As<ExternalInit>() != nullptr) {
    object.Set("type", Text(env, "external-init"));
  } else if (const auto* extensions = proposal.As<GroupContextExtensions>()) {
    object.Set("type", Text(env, "group-context-extensions"));
    object.Set("extensions", ToJs(env, extensions->extensions));
  } else if (const auto* custom = proposal.As<CustomProposal>()) {
    object.Set("type", Text(env, "custom"));
    object.Set("proposalType", Number(env, custom->tag));
    object.Set("data", ToJs(env, View(custom->data)));
  }
  return object;
}

Napi::Value ToJs(Napi::Env env, const CredentialQuestion& question) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("role", Text(env, Name(question.role)));
  object.Set("index", Number(env, question.index));
  object.Set("credential", ToJs(env, question.credential));
  object.Set("signatureKey", ToJs(env, View(question.signature_key)));
  object.Set("former", question.former ? ToJs(env, *question.former) : env.Null());
  return object;
}

Napi::Value ToJs(Napi::Env env, const ReceivedCommit& commit) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("epoch", ToJs(env, commit.epoch));
  object.Set("committer", Number(env, commit.committer.value));
  object.Set("external", Napi::Boolean::New(env, commit.sender_type == SenderType::new_member_commit));
  object.Set("own", Napi::Boolean::New(env, commit.own));
  object.Set("selfRemoved", Napi::Boolean::New(env, commit.self_removed));
  object.Set("added", ToJs(env, commit.added));
  object.Set("updated", ToJs(env, commit.updated));
  object.Set("removed", ToJs(env, commit.removed));
  object.Set("reinit", commit.reinit ? ToJs(env, *commit.reinit) : env.Null());
  object.Set("authenticatedData", ToJs(env, View(commit.authenticated_data)));
  return object;
}

Napi::Value ToJs(Napi::Env env, const CachedProposal& proposal) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("reference", ToJs(env, View(proposal.reference)));
  object.Set("sender", ToJs(env, proposal.sender()));
  object.Set("proposal", ToJs(env, proposal.proposal()));
  return object;
}

void Packed::Add(View one) {
  bytes.insert(bytes.end(), one.begin(), one.end());
  offsets.push_back(static_cast<std::uint32_t>(bytes.size()));
}

Napi::Value ToJs(Napi::Env env, Packed packed, Filler& filler) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("bytes", filler.Uint8Array(env, std::move(packed.bytes)));
  object.Set("offsets", Numbers<Napi::Uint32Array>(env, packed.offsets));
  return object;
}

StateView StateView::Of(const Group& group) {
  StateView view = Of(group.tracker());
  view.reinit = group.reinit();
  view.phase = group.phase();
  view.self = group.self();
  view.epochs = group.KnownEpochs();
  view.epoch_authenticator = ToBytes(group.epoch_authenticator());
  return view;
}

StateView StateView::Of(const Tracker& tracker) {
  StateView view;
  view.epoch = tracker.shared_epoch();
  view.proposals = tracker.proposals().in_order();
  view.reinit = tracker.reinit();
  return view;
}

Napi::Value ToJs(Napi::Env env, StateView& state, Filler& filler) {
  const GroupContext& context = state.epoch->context;
  Napi::Object object = Napi::Object::New(env);
  object.Set("groupId", ToJs(env, View(context.group_id)));
  object.Set("epoch", ToJs(env, context.epoch));
  object.Set("suite", Number(env, context.cipher_suite));
  object.Set("memberCount", Number(env, state.epoch->tree.member_count()));
  object.Set("treeWidth", Number(env, state.epoch->tree.width()));
  object.Set("treeHash", ToJs(env, View(context.tree_hash)));
  object.Set("extensions", ToJs(env, context.extensions));
  Napi::Array proposals = Napi::Array::New(env, state.proposals.size());
  for (std::uint32_t i = 0; i < state.proposals.size(); ++i) proposals.Set(i, ToJs(env, *state.proposals[i]));
  object.Set("proposals", proposals);
  object.Set("reinit", state.reinit ? ToJs(env, *state.reinit) : env.Null());
  if (!state.phase) return object;
  object.Set("phase", Text(env, Name(*state.phase)));
  object.Set("leafIndex", Number(env, state.self.value));
  object.Set("epochAuthenticator", ToJs(env, View(state.epoch_authenticator)));
  Napi::Array pending = Napi::Array::New(env, state.pending.size());
  for (std::uint32_t i = 0; i < state.pending.size(); ++i) {
    Napi::Object one = Napi::Object::New(env);
    one.Set("id", ToJs(env, state.pending[i].id));
    one.Set("digest", ToJs(env, state.pending[i].digest.view()));
    auto& message = state.pending[i].message;
    one.Set("message", message ? filler.Uint8Array(env, std::move(*message)) : env.Null());
    pending.Set(i, one);
  }
  object.Set("pending", pending);
  Napi::Array epochs = Napi::Array::New(env, state.epochs.size());
  for (std::uint32_t i = 0; i < state.epochs.size(); ++i) {
    Napi::Object one = Napi::Object::New(env);
    one.Set("epoch", ToJs(env, state.epochs[i].epoch));
    one.Set("readable", Napi::Boolean::New(env, state.epochs[i].readable));
    one.Set("resumption", Napi::Boolean::New(env, state.epochs[i].resumption));
    epochs.Set(i, one);
  }
  object.Set("epochs", epochs);
  return object;
}

void MembersView::Add(LeafIndex index, const LeafNode& leaf) {
  leaf_indexes.push_back(index.value);
  credential_types.push_back(static_cast<std::uint16_t>(leaf.credential.type()));
  strings.Add(leaf.signature_key);
  strings.Add(leaf.encryption_key);
  const std::size_t before = strings.offsets.size();
  if (const auto* basic = std::get_if<BasicCredential>(&leaf.credential.body)) {
    strings.Add(basic->identity);
  } else if (const auto* x509 = std::get_if<X509Credential>(&leaf.credential.body)) {
    for (const Certificate& certificate : x509->certificates) strings.Add(certificate.cert_data);
  } else {
    strings.Add(std::get<OpaqueCredential>(leaf.credential.body).data);
  }
  counts.push_back(static_cast<std::uint32_t>(strings.offsets.size() - before));
  const auto column = [&](const auto& values) {
    for (const auto value : values) numbers.push_back(static_cast<std::uint16_t>(value));
    counts.push_back(static_cast<std::uint32_t>(values.size()));
  };
  column(leaf.capabilities.cipher_suites);
  column(leaf.capabilities.extensions);
  column(leaf.capabilities.proposals);
  column(leaf.capabilities.credentials);
  for (const Extension& extension : leaf.extensions) {
    numbers.push_back(static_cast<std::uint16_t>(extension.extension_type));
    strings.Add(extension.extension_data);
  }
  counts.push_back(static_cast<std::uint32_t>(leaf.extensions.size()));
}

MembersView MembersView::Of(const RatchetTree& tree, LeafIndex from, std::size_t count) {
  MembersView view;
  auto leaf = tree.NextMember(from);
  for (; leaf && view.leaf_indexes.size() < count; leaf = tree.NextMember({leaf->value + 1})) {
    if (view.strings.bytes.size() + 2 * view.numbers.size() > kBytes) break;
    view.Add(*leaf, tree.Leaf(*leaf));
  }
  view.next = leaf;
  return view;
}

Napi::Value ToJs(Napi::Env env, MembersView view, Filler& filler) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("leafIndexes", Numbers<Napi::Uint32Array>(env, view.leaf_indexes));
  object.Set("credentialTypes", Numbers<Napi::Uint16Array>(env, view.credential_types));
  object.Set("counts", Numbers<Napi::Uint32Array>(env, view.counts));
  object.Set("numbers", Numbers<Napi::Uint16Array>(env, view.numbers));
  object.Set("strings", ToJs(env, std::move(view.strings), filler));
  object.Set("next", view.next ? Number(env, view.next->value) : env.Null());
  return object;
}

}  // namespace mls::binding
