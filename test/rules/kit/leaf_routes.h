// The ways by which a LeafNode comes to a client (RFC 9420 §7.3: "validity of a leaf node is checked"
// wherever it arrives). A rule about leaves is broken on each of them: the leaf is changed, signed again by
// its owner, and put where it belongs, with all that covers it made again.
#pragma once

#include "kit/forged_commit.h"
#include "kit/invitation.h"

namespace mls::test {

enum class Route : std::uint8_t {
  own_add,        // a KeyPackage that we are asked to add
  proposed_add,   // a received Add proposal
  committed_add,  // an Add in a received Commit
  update,         // a received Update proposal
  path,           // the UpdatePath of a received Commit
  joining_path,   // the UpdatePath of an external Commit
  welcome_tree,   // a leaf of the tree with which we join by Welcome
  info_tree,      // a leaf of the tree with which we would join by external Commit
};
constexpr Route kAllRoutes[] = {Route::own_add, Route::proposed_add, Route::committed_add, Route::update,
                                Route::path,    Route::joining_path, Route::welcome_tree,  Route::info_tree};
constexpr std::string_view kRouteNames[] = {"own_add", "proposed_add", "committed_add", "update",
                                            "path",    "joining_path", "welcome_tree",  "info_tree"};

struct LeafForgery {
  Hook<LeafNode> leaf;             // before the owner signs it
  Hook<LeafNode> signed_leaf;      // after
  const Secret* signer = nullptr;  // default: the owner's
};

// TakeRoute lets the leaf of somebody in a scene of its own come by `route`. Gives what the receiver says:
// the name of the error, or "taken". `options` are those of the group.
std::string TakeRoute(const Suite& suite, Route route, const LeafForgery& forgery,
                      CompanyOptions options = Scene::Open());

// CheckRoutes expects `expected` on each of `routes`, but `in_tree` where the leaf arrives in a tree.
void CheckRoutes(const Suite& suite, std::span<const Route> routes, const LeafForgery& forgery,
                 Error expected, Error in_tree = Error::INVALID_TREE,
                 const CompanyOptions& options = Scene::Open());

}  // namespace mls::test
