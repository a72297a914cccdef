// Members that support more than the RFC's own (RFC 9420 §7.2): types of the private range, for groups that
// use them.
#pragma once

#include "kit/scene.h"

namespace mls::test {

constexpr ExtensionType kPrivateExtension{0xF001};

inline Capabilities Supporting(Capabilities capabilities, ExtensionType type = kPrivateExtension) {
  capabilities.extensions.push_back(type);
  return capabilities;
}

// AllSupport: every member announces the extension type with a Commit of its own.
inline void AllSupport(Scene& scene, ExtensionType type = kPrivateExtension) {
  for (std::size_t i = 0; i < scene.size(); ++i) {
    CommitOptions options;
    options.leaf.capabilities = Supporting(scene[i].tree().Leaf(scene[i].self()).capabilities, type);
    scene.Commit(i, std::move(options));
  }
}

// SupportingClient: a client that announces the extension type in all its leaves.
inline Client SupportingClient(Scene& scene, const Suite& suite, const std::string& name,
                               ExtensionType type = kPrivateExtension) {
  Client client = scene.world.NewClient(suite, name);
  client.profile.capabilities = Supporting(client.profile.capabilities, type);
  return client;
}

// Used: an extension of that type, as a GroupContext may carry it.
inline Extension Used(ExtensionType type = kPrivateExtension) { return {type, {1, 2, 3}}; }

// UsingScene: a group whose GroupContext has the extension, and all of whose `count` members support it. None
// but the first has acted.
struct UsingScene : Scene {
  UsingScene(const Suite& suite, std::size_t count, ExtensionType type = kPrivateExtension)
      : Scene(suite, 1) {
    AllSupport(*this, type);
    Commit(0, Proposing({GroupContextExtensions{{Used(type)}}}));
    while (size() < count) {
      const Client client = SupportingClient(*this, suite, "member " + std::to_string(size()), type);
      const NewKeyPackage package = world.NewKeyPackageOf(client);
      const NewCommit commit = Commit(0, Proposing({Add{package.key_package}}));
      Enter(client, JoinByWelcome(commit.welcomes.at(0).message, package));
    }
  }
};

}  // namespace mls::test
