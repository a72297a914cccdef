// Invitation: a Welcome, or a GroupInfo for an external join, laid open so that a test can change any part of
// it and have the rest made right again: tree hash, confirmation tag, signature, seals (RFC 9420 §12.4.3).
#pragma once

#include "kit/insider.h"
#include "kit/scene.h"
#include "tree/forge.h"

namespace mls::test {

// InfoForgery: the hooks run in this order; what follows from a part is computed again after its hook.
struct InfoForgery {
  Hook<Nodes> tree;                // of the ratchet_tree extension; the GroupContext gets its hash
  Hook<GroupInfo> info;            // before the confirmation tag (Welcome only) and the signature
  Hook<Bytes> tag;                 // the confirmation tag, before the signature
  const Secret* signer = nullptr;  // default: that of the member who made it
  Hook<GroupInfo> signed_info;
};

struct WelcomeForgery : InfoForgery {
  Hook<GroupSecrets> secrets;        // what the newcomer is given; the GroupInfo keeps the true ones
  Hook<Bytes> encoded_secrets;       // before they are sealed
  Hook<Bytes> encrypted_group_info;  // sealed; before the secrets are sealed to it
  Hook<Welcome> welcome;             // complete
};

class Invitation {
 public:
  // A newcomer is added to the scene by member 0 with a Commit that everyone takes; the newcomer has not
  // joined.
  Invitation(Scene& scene, CommitOptions options = {});

  Bytes Forge(const WelcomeForgery& forgery) const;
  // Refuses: the newcomer says `expected` to the forged Welcome.
  void Refuses(const WelcomeForgery& forgery, Error expected) const {
    scene.RefusesJoin(Forge(forgery), package, expected);
  }
  // TakesIt: the newcomer joins by the genuine Welcome. Gives its number.
  std::size_t TakesIt() { return scene.Enter(client, scene.JoinByWelcome(genuine, package)); }

  Scene& scene;
  Client client;
  NewKeyPackage package;
  Bytes genuine;  // MLSMessage
  Welcome welcome;
  GroupSecrets secrets;
  GroupInfo info;
  Secret member_secret;
  Secret signer;  // of member 0
};

// ForgeInfo changes a GroupInfo that `scene`'s member 0 made (for an external join) and signs it again.
GroupInfo ForgeInfo(Scene& scene, GroupInfo info, const InfoForgery& forgery);

// Parts of a tree, by index.
inline ParentNode& ParentAt(Nodes& nodes, std::size_t node) { return std::get<ParentNode>(*nodes.at(node)); }
inline LeafNode& LeafAt(Nodes& nodes, std::size_t leaf) { return std::get<LeafNode>(*nodes.at(2 * leaf)); }
// SignLeafAt signs a leaf again with the key of the member that stands there.
void SignLeafAt(Scene& scene, Nodes& nodes, std::size_t leaf, std::size_t member);

}  // namespace mls::test
