package core

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/limpid-5g/limpid/nf/upf"
	"github.com/limpid-5g/limpid/nf/upf/memory"
)

// TestSBIErrors: what is wrong with the files for peers is told at the start, each with its place; nothing stays open.
func TestSBIErrors(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte("no PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ certificate, ca, want string }{
		{filepath.Join(dir, "missing"), text, "sbi.certificate: open " + filepath.Join(dir, "missing") + ": no such file or directory"},
		{dir, text, "sbi.certificate: read " + dir + ": is a directory"},
		{text, filepath.Join(dir, "missing"), "sbi.ca: open "},
		{text, text, "sbi.ca: no certificate of an authority in PEM"},
	} {
		t.Chdir(t.TempDir())
		sbi := "sbi: {address: \"127.0.0.1:0\", certificate: " + c.certificate + ", key: " + text + ", ca: " + c.ca + "}\n" +
			"peers: [{name: b, address: \"127.0.0.1:1\", guami: {region: 1, set: 2, pointer: 0}}]\nsmf:\n"
		opts := Options{Log: slog.New(slog.DiscardHandler), Datapath: func(upf.Config, *slog.Logger) (upf.Datapath, error) { return memory.New(), nil }}
		for range 2 { // the second time finds nothing in its way
			got, err := New(t.Context(), parse(t, "smf:\n", sbi), opts)
			if got != nil || err == nil || !strings.HasPrefix(err.Error(), "limpid.yaml:6:") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v\nwant  %s", err, c.want)
			}
		}
	}
}
