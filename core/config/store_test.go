package config

import (
	"fmt"
	"strings"
	"testing"
)

// TestStoreURL: the URL of a database is checked for its kind and never printed.
func TestStoreURL(t *testing.T) {
	const rest = "\namf:\n  n2: {address: 127.0.0.1}\n  plmns: [{plmn: \"00101\", tacs: [1], slices: [\"1\"]}]\nsmf:\n  dnns: [{name: internet, slices: [\"1\"], pools: [10.45.0.0/16]}]\nupf: {n3: {address: 127.0.0.1}}\n"
	c, err := Parse("limpid.yaml", []byte("store: {url: \"postgres://limpid:secret@db/limpid\"}"+rest))
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprintf("%v %+v %#v", c.Store, c.Store, c.Store); strings.Contains(text, "secret") {
		t.Errorf("the password is told: %s", text)
	}
	_, err = Parse("limpid.yaml", []byte("store: {url: \"mysql://limpid:secret@db/limpid\"}"+rest))
	if err == nil || !strings.Contains(err.Error(), "postgres://") || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v, want a database of another kind refused and no password told", err)
	}
}
