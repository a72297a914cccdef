// decode(): any MLSMessage as plain objects (RFC 9420 §6), in the words of the RFC. lib/message.ts has the
// types.
#include "decode.h"

#include <chrono>

#include "args.h"
#include "bytes_holder.h"
#include "convert.h"
#include "environment.h"

namespace mls::binding {

// DecodedMessage is what was read, with the lists that the engine keeps encoded.
struct DecodedMessage {
  MLSMessage message;
  std::vector<ProposalOrRef> proposals;                   // of a Commit
  std::vector<std::vector<HPKECiphertext>> path_secrets;  // of a Commit with a path: for each of its nodes
};

namespace {

constexpr auto kTurn = std::chrono::milliseconds(1);  // the longest that one call of next() builds
constexpr std::size_t kShort = 64;                    // lists up to this long are built at once
constexpr std::size_t kStride = 16;                   // elements between two looks at the clock

// Building is a message on its way to JavaScript: long lists are left for later, long byte strings to the
// pool.
struct Building {
  Napi::Env env;
  Filler& filler;
  DecodedMessage& decoded;
  std::deque<LongList>& later;
};

template <class T, class Each>
Napi::Array List(Building& to, const std::vector<T>& items, Each each) {
  const Napi::Env env = to.env;
  Napi::Array array = Napi::Array::New(env, items.size());
  if (items.size() > kShort) {
    const auto make = [&items, each](Napi::Env in, std::size_t i) { return Napi::Value(each(in, items[i])); };
    to.later.push_back({Napi::Persistent(array.As<Napi::Object>()), items.size(), 0, make});
    return array;
  }
  for (std::uint32_t i = 0; i < items.size(); ++i) {
    Napi::HandleScope scope(env);
    array.Set(i, each(env, items[i]));
  }
  return array;
}

// Long takes a byte string of the message out of it.
Napi::Value Long(Building& to, Bytes& bytes) { return to.filler.Uint8Array(to.env, std::move(bytes)); }

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

Napi::Value Decoded(Building& to, const std::optional<UpdatePath>& path) {
  const Napi::Env env = to.env;
  if (!path) return env.Null();
  Napi::Object object = Napi::Object::New(env);
  object.Set("leafNode", Decoded(env, path->leaf_node));
  Napi::Array nodes = Napi::Array::New(env, path->nodes.size());
  for (std::uint32_t i = 0; i < path->nodes.size(); ++i) {
    Napi::Object one = Napi::Object::New(env);
    one.Set("encryptionKey", ToJs(env, View(path->nodes[i].encryption_key)));
    one.Set("encryptedPathSecrets",
            List(to, to.decoded.path_secrets[i],
                 [](Napi::Env in, const HPKECiphertext& ciphertext) { return Decoded(in, ciphertext); }));
    nodes.Set(i, one);
  }
  object.Set("nodes", nodes);
  return object;
}

Napi::Object Decoded(Building& to, const Commit& commit) {
  Napi::Object object = Napi::Object::New(to.env);
  object.Set("proposals", List(to, to.decoded.proposals, [](Napi::Env env, const ProposalOrRef& one) {
               Napi::Object entry = Napi::Object::New(env);
               if (const auto* by_value = std::get_if<ProposalByValue>(&one.body)) {
                 entry.Set("proposal", ToJs(env, by_value->proposal));
               } else {
                 entry.Set("reference", ToJs(env, View(std::get<ProposalByReference>(one.body).reference)));
               }
               return entry;
             }));
  object.Set("path", Decoded(to, commit.path));
  return object;
}

void Fill(Building& to, Napi::Object object, PublicMessage& message) {
  const Napi::Env env = to.env;
  FramedContent& content = message.content;
  object.Set("wireFormat", Text(env, "public-message"));
  object.Set("groupId", ToJs(env, View(content.group_id)));
  object.Set("epoch", ToJs(env, content.epoch));
  object.Set("sender", ToJs(env, content.sender));
  object.Set("authenticatedData", Long(to, content.authenticated_data));
  object.Set("contentType", Text(env, Name(content.content_type())));
  if (const Proposal* proposal = content.proposal()) {
    object.Set("proposal", ToJs(env, *proposal));
  } else if (const Commit* commit = content.commit()) {
    object.Set("commit", Decoded(to, *commit));
    object.Set("confirmationTag", ToJs(env, View(message.auth.confirmation_tag)));
  } else {
    object.Set("applicationData", Long(to, std::get<ApplicationContent>(content.body).application_data));
  }
  object.Set("signature", ToJs(env, View(message.auth.signature)));
  const bool member = content.sender.sender_type == SenderType::member;
  object.Set("membershipTag", member ? ToJs(env, View(message.membership_tag)) : env.Null());
}

void Fill(Building& to, Napi::Object object, PrivateMessage& message) {
  const Napi::Env env = to.env;
  object.Set("wireFormat", Text(env, "private-message"));
  object.Set("groupId", ToJs(env, View(message.group_id)));
  object.Set("epoch", ToJs(env, message.epoch));
  object.Set("contentType", Text(env, Name(message.content_type)));
  object.Set("authenticatedData", Long(to, message.authenticated_data));
  object.Set("encryptedSenderData", ToJs(env, View(message.encrypted_sender_data)));
  object.Set("ciphertext", Long(to, message.ciphertext));
}

void Fill(Building& to, Napi::Object object, Welcome& welcome) {
  const Napi::Env env = to.env;
  object.Set("wireFormat", Text(env, "welcome"));
  object.Set("suite", Number(env, welcome.cipher_suite));
  object.Set("secrets", List(to, welcome.secrets, [](Napi::Env env, const EncryptedGroupSecrets& entry) {
               Napi::Object one = Napi::Object::New(env);
               one.Set("newMember", ToJs(env, View(entry.new_member)));
               one.Set("encryptedGroupSecrets", Decoded(env, entry.encrypted_group_secrets));
               return one;
             }));
  object.Set("encryptedGroupInfo", Long(to, welcome.encrypted_group_info));
}

void Fill(Building& to, Napi::Object object, GroupInfoMessage& message) {
  const Napi::Env env = to.env;
  GroupInfo& info = message.group_info;
  const GroupContext& context = info.group_context;
  object.Set("wireFormat", Text(env, "group-info"));
  object.Set("suite", Number(env, context.cipher_suite));
  object.Set("groupId", ToJs(env, View(context.group_id)));
  object.Set("epoch", ToJs(env, context.epoch));
  object.Set("treeHash", ToJs(env, View(context.tree_hash)));
  object.Set("confirmedTranscriptHash", ToJs(env, View(context.confirmed_transcript_hash)));
  object.Set("groupContextExtensions", ToJs(env, context.extensions));
  // One of them may be the ratchet tree.
  Napi::Array extensions = Napi::Array::New(env, info.extensions.size());
  for (std::uint32_t i = 0; i < info.extensions.size(); ++i) {
    Napi::Object one = Napi::Object::New(env);
    one.Set("type", Number(env, info.extensions[i].extension_type));
    one.Set("data", Long(to, info.extensions[i].extension_data));
    extensions.Set(i, one);
  }
  object.Set("extensions", extensions);
  object.Set("confirmationTag", ToJs(env, View(info.confirmation_tag)));
  object.Set("signer", Number(env, info.signer.value));
  object.Set("signature", ToJs(env, View(info.signature)));
}

void Fill(Building& to, Napi::Object object, KeyPackageMessage& message) {
  const Napi::Env env = to.env;
  const KeyPackage& key_package = message.key_package;
  object.Set("wireFormat", Text(env, "key-package"));
  object.Set("suite", Number(env, key_package.cipher_suite));
  object.Set("initKey", ToJs(env, View(key_package.init_key)));
  object.Set("leafNode", Decoded(env, key_package.leaf_node));
  object.Set("extensions", ToJs(env, key_package.extensions));
  object.Set("signature", ToJs(env, View(key_package.signature)));
}

// ReadAll reads a message on the pool, down to the ciphertexts of a path.
Result<std::unique_ptr<DecodedMessage>> ReadAll(View bytes) {
  auto message = DecodeMessage(bytes, Limits{});
  if (!message.ok()) return message.error();
  auto decoded = std::make_unique<DecodedMessage>();
  decoded->message = std::move(*message);
  const auto* open = std::get_if<PublicMessage>(&decoded->message.body);
  const Commit* commit = open == nullptr ? nullptr : open->content.commit();
  if (commit != nullptr) {
    if (commit->proposals.count() > Limits{}.max_proposals_per_commit) return Error::LIMIT_EXCEEDED;
    decoded->proposals = commit->proposals.Decode();
  }
  if (commit != nullptr && commit->path) {
    for (const UpdatePathNode& node : commit->path->nodes) {
      decoded->path_secrets.push_back(node.encrypted_path_secret.Decode());
    }
  }
  return decoded;
}

}  // namespace

Napi::Function DecodedHolder::Define(Napi::Env env) {
  return DefineClass(env, "Decoded", {InstanceMethod<&DecodedHolder::Next>("next")});
}

DecodedHolder::DecodedHolder(const Napi::CallbackInfo& info) : Napi::ObjectWrap<DecodedHolder>(info) {
  if (!info[0].IsExternal()) ThrowType(info.Env(), "Decoded", "to be made by the addon");
  decoded_ = std::move(*info[0].As<Napi::External<std::unique_ptr<DecodedMessage>>>().Data());
}

DecodedHolder::~DecodedHolder() { LetGo(); }

// Ten thousands of byte strings are not let go on the JavaScript thread.
void DecodedHolder::LetGo() {
  if (decoded_ != nullptr)
    ThePool().Post([decoded = std::shared_ptr<DecodedMessage>(std::move(decoded_))] {});
}

Napi::Value DecodedHolder::New(Napi::Env env, std::unique_ptr<DecodedMessage> decoded, Filler& filler) {
  const Napi::Object object =
      Environment::Of(env).decoded.New({Napi::External<std::unique_ptr<DecodedMessage>>::New(env, &decoded)});
  DecodedHolder* holder = Unwrap(object);
  Napi::Object message = Napi::Object::New(env);
  Building to{env, filler, *holder->decoded_, holder->later_};
  std::visit([&](auto& body) { Fill(to, message, body); }, holder->decoded_->message.body);
  holder->message_ = Napi::Persistent(message);
  return object;
}

Napi::Value DecodedHolder::Next(const Napi::CallbackInfo& info) {
  const auto end = std::chrono::steady_clock::now() + kTurn;
  for (; !later_.empty(); later_.pop_front()) {
    LongList& list = later_.front();
    for (; list.at < list.count; ++list.at) {
      if (list.at % kStride == 0 && std::chrono::steady_clock::now() >= end) return info.Env().Null();
      Napi::HandleScope scope(info.Env());
      list.array.Set(static_cast<std::uint32_t>(list.at), list.make(info.Env(), list.at));
    }
  }
  LetGo();
  return message_.Value();
}

Napi::Value Decode(const Napi::CallbackInfo& info) {
  auto bytes = BytesHolder::Share(info[0], "message");
  return Async(info.Env(), [bytes = std::move(bytes)]() -> Result<Reply> {
    auto decoded = ReadAll(*bytes);
    if (!decoded.ok()) return decoded.error();
    return Reply([decoded = std::move(*decoded)](Napi::Env env, Filler& filler) mutable {
      return DecodedHolder::New(env, std::move(decoded), filler);
    });
  });
}

}  // namespace mls::binding
