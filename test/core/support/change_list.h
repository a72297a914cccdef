// ChangeList takes an EncodedList apart, lets `change` have the elements, and puts it together again.
#pragma once

#include <functional>

#include "wire/encoded_list.h"

namespace mls::test {

template <class T>
std::vector<T> Elements(const EncodedList<T>& list) {
  std::vector<T> elements;
  for (std::size_t i = 0; i < list.count(); ++i) elements.push_back(list[i]);
  return elements;
}

template <class T>
void ChangeList(EncodedList<T>& list, const std::function<void(std::vector<T>&)>& change) {
  std::vector<T> elements = Elements(list);
  change(elements);
  list = EncodedList<T>(elements);
}

}  // namespace mls::test
