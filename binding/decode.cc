// decode(): any MLSMessage as plain objects (RFC 9420 §6), in the words of the RFC. lib/message.ts has the
// types.
#include "decode.h"

#include "args.h"
#include "convert.h"

namespace mls::binding {

namespace {

template <class T, class Each>
Napi::Array List(Napi::Env env, const std::vector<T>& items, const Each& each) {
  Napi::Array array = Napi::Array::New(env, items.size());
  for (std::uint32_t i = 0; i < items.size(); ++i) {
    Napi::HandleScope scope(env);
    array.Set(i, each(items[i]));
  }
  return array;
}

const char* Name(LeafNodeSource source) {
  switch (source) {
    case LeafNodeSource::key_package:
      return "key-package";
    case LeafNodeSource::update:
      return "update";
    default:
      return "commit";
  }
}

const char* Name(ContentType type) {
  switch (type) {
    case ContentType::application:
      return "application";
    case ContentType::proposal:
      return "proposal";
    default:
      return "commit";
  }
}

Napi::Object Decoded(Napi::Env env, const LeafNode& leaf) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("encryptionKey", ToJs(env, View(leaf.encryption_key)));
  object.Set("signatureKey", ToJs(env, View(leaf.signature_key)));
  object.Set("credential", ToJs(env, leaf.credential));
  object.Set("capabilities", ToJs(env, leaf.capabilities));
  object.Set("source", Text(env, Name(leaf.leaf_node_source)));
  if (leaf.leaf_node_source == LeafNodeSource::key_package) {
    object.Set("notBefore", ToJs(env, leaf.lifetime.not_before));
    object.Set("notAfter", ToJs(env, leaf.lifetime.not_after));
  }
  if (leaf.leaf_node_source == LeafNodeSource::commit) {
    object.Set("parentHash", ToJs(env, View(leaf.parent_hash)));
  }
  object.Set("extensions", ToJs(env, leaf.extensions));
  object.Set("signature", ToJs(env, View(leaf.signature)));
  return object;
}

Napi::Object Decoded(Napi::Env env, const HPKECiphertext& ciphertext) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("kemOutput", ToJs(env, View(ciphertext.kem_output)));
  object.Set("ciphertext", ToJs(env, View(ciphertext.ciphertext)));
  return object;
}

Napi::Value Decoded(Napi::Env env, const std::optional<UpdatePath>& path) {
  if (!path) return env.Null();
  Napi::Object object = Napi::Object::New(env);
  object.Set("leafNode", Decoded(env, path->leaf_node));
  object.Set("nodes", List(env, path->nodes, [&](const UpdatePathNode& node) {
               Napi::Object one = Napi::Object::New(env);
               one.Set("encryptionKey", ToJs(env, View(node.encryption_key)));
               one.Set("encryptedPathSecrets",
                       List(env, node.encrypted_path_secret.Decode(),
                            [&](const HPKECiphertext& ciphertext) { return Decoded(env, ciphertext); }));
               return one;
             }));
  return object;
}

Napi::Object Decoded(Napi::Env env, const Commit& commit) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("proposals", List(env, commit.proposals, [&](const ProposalOrRef& one) {
               Napi::Object entry = Napi::Object::New(env);
               if (const auto* by_value = std::get_if<ProposalByValue>(&one.body)) {
                 entry.Set("proposal", ToJs(env, by_value->proposal));
               } else {
                 entry.Set("reference", ToJs(env, View(std::get<ProposalByReference>(one.body).reference)));
               }
               return entry;
             }));
  object.Set("path", Decoded(env, commit.path));
  return object;
}

void Fill(Napi::Env env, Napi::Object object, const PublicMessage& message) {
  const FramedContent& content = message.content;
  object.Set("wireFormat", Text(env, "public-message"));
  object.Set("groupId", ToJs(env, View(content.group_id)));
  object.Set("epoch", ToJs(env, content.epoch));
  object.Set("sender", ToJs(env, content.sender));
  object.Set("authenticatedData", ToJs(env, View(content.authenticated_data)));
  object.Set("contentType", Text(env, Name(content.content_type())));
  if (const Proposal* proposal = content.proposal()) {
    object.Set("proposal", ToJs(env, *proposal));
  } else if (const Commit* commit = content.commit()) {
    object.Set("commit", Decoded(env, *commit));
    object.Set("confirmationTag", ToJs(env, View(message.auth.confirmation_tag)));
  } else {
    object.Set("applicationData",
               ToJs(env, View(std::get<ApplicationContent>(content.body).application_data)));
  }
  object.Set("signature", ToJs(env, View(message.auth.signature)));
  const bool member = content.sender.sender_type == SenderType::member;
  object.Set("membershipTag", member ? ToJs(env, View(message.membership_tag)) : env.Null());
}

void Fill(Napi::Env env, Napi::Object object, const PrivateMessage& message) {
  object.Set("wireFormat", Text(env, "private-message"));
  object.Set("groupId", ToJs(env, View(message.group_id)));
  object.Set("epoch", ToJs(env, message.epoch));
  object.Set("contentType", Text(env, Name(message.content_type)));
  object.Set("authenticatedData", ToJs(env, View(message.authenticated_data)));
  object.Set("encryptedSenderData", ToJs(env, View(message.encrypted_sender_data)));
  object.Set("ciphertext", ToJs(env, View(message.ciphertext)));
}

void Fill(Napi::Env env, Napi::Object object, const Welcome& welcome) {
  object.Set("wireFormat", Text(env, "welcome"));
  object.Set("suite", Number(env, welcome.cipher_suite));
  object.Set("secrets", List(env, welcome.secrets, [&](const EncryptedGroupSecrets& entry) {
               Napi::Object one = Napi::Object::New(env);
               one.Set("newMember", ToJs(env, View(entry.new_member)));
               one.Set("encryptedGroupSecrets", Decoded(env, entry.encrypted_group_secrets));
               return one;
             }));
  object.Set("encryptedGroupInfo", ToJs(env, View(welcome.encrypted_group_info)));
}

void Fill(Napi::Env env, Napi::Object object, const GroupInfoMessage& message) {
  const GroupInfo& info = message.group_info;
  const GroupContext& context = info.group_context;
  object.Set("wireFormat", Text(env, "group-info"));
  object.Set("suite", Number(env, context.cipher_suite));
  object.Set("groupId", ToJs(env, View(context.group_id)));
  object.Set("epoch", ToJs(env, context.epoch));
  object.Set("treeHash", ToJs(env, View(context.tree_hash)));
  object.Set("confirmedTranscriptHash", ToJs(env, View(context.confirmed_transcript_hash)));
  object.Set("groupContextExtensions", ToJs(env, context.extensions));
  object.Set("extensions", ToJs(env, info.extensions));
  object.Set("confirmationTag", ToJs(env, View(info.confirmation_tag)));
  object.Set("signer", Number(env, info.signer.value));
  object.Set("signature", ToJs(env, View(info.signature)));
}

void Fill(Napi::Env env, Napi::Object object, const KeyPackageMessage& message) {
  const KeyPackage& key_package = message.key_package;
  object.Set("wireFormat", Text(env, "key-package"));
  object.Set("suite", Number(env, key_package.cipher_suite));
  object.Set("initKey", ToJs(env, View(key_package.init_key)));
  object.Set("leafNode", Decoded(env, key_package.leaf_node));
  object.Set("extensions", ToJs(env, key_package.extensions));
  object.Set("signature", ToJs(env, View(key_package.signature)));
}

}  // namespace

Napi::Value Decode(const Napi::CallbackInfo& info) {
  Bytes bytes = BytesOf(info[0], "message");
  return Async(info.Env(), [bytes = std::move(bytes)]() -> Result<Reply> {
    auto message = DecodeMessage(bytes, Limits{});
    if (!message.ok()) return message.error();
    return Reply([message = std::move(*message)](Napi::Env env, Filler&) -> Napi::Value {
      Napi::Object object = Napi::Object::New(env);
      std::visit([&](const auto& body) { Fill(env, object, body); }, message.body);
      return object;
    });
  });
}

}  // namespace mls::binding
