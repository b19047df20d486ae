package upf

import (
	"cmp"
	"iter"
	"slices"
)

// table is the rules of one kind in a session, in order of their ids. They are few: what a map takes for one is room for eight. A nil
// table is empty, and only to be read.
type table[K cmp.Ordered, V any] struct {
	ids   []K
	rules []V
}

func (t *table[K, V]) len() int {
	if t == nil {
		return 0
	}
	return len(t.ids)
}

// get returns a rule and whether it is there.
func (t *table[K, V]) get(id K) (rule V, ok bool) {
	if t == nil {
		return rule, false
	}
	i, ok := slices.BinarySearch(t.ids, id)
	if !ok {
		return rule, false
	}
	return t.rules[i], true
}

// at is a rule that is there, or none.
func (t *table[K, V]) at(id K) V {
	rule, _ := t.get(id)
	return rule
}

// set puts a rule in its place.
func (t *table[K, V]) set(id K, rule V) {
	i, ok := slices.BinarySearch(t.ids, id)
	if ok {
		t.rules[i] = rule
		return
	}
	t.ids, t.rules = slices.Insert(t.ids, i, id), slices.Insert(t.rules, i, rule)
}

// expect makes room for n more.
func (t *table[K, V]) expect(n int) {
	t.ids, t.rules = slices.Grow(t.ids, n), slices.Grow(t.rules, n)
}

func (t *table[K, V]) drop(id K) {
	if i, ok := slices.BinarySearch(t.ids, id); ok {
		t.ids, t.rules = slices.Delete(t.ids, i, i+1), slices.Delete(t.rules, i, i+1)
	}
}

func (t *table[K, V]) clone() *table[K, V] {
	if t == nil {
		return new(table[K, V])
	}
	return &table[K, V]{slices.Clone(t.ids), slices.Clone(t.rules)}
}

// keys are the ids, in order, in memory of their own.
func (t *table[K, V]) keys() []K {
	if t == nil {
		return nil
	}
	return slices.Clone(t.ids)
}

// all yields the rules. A rule that was yielded may be set meanwhile, and none dropped.
func (t *table[K, V]) all() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for i := range t.len() {
			if !yield(t.ids[i], t.rules[i]) {
				return
			}
		}
	}
}
