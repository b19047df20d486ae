package build

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Digest is a SHA-256 in lower-case hexadecimal.
type Digest string

func hashFile(name string) (Digest, int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err != nil {
		return "", 0, err
	}
	return Digest(hex.EncodeToString(h.Sum(nil))), n, nil
}

// file is one file of a tree: its name in the tree with slashes, and what it holds.
type file struct {
	name   string
	digest Digest
}

// hash1 is the directory hash of go.sum: SHA-256 over one line for each file in the order of names, without the prefix.
func hash1(files []file) Digest {
	slices.SortFunc(files, func(a, b file) int { return cmp.Compare(a.name, b.name) })
	h := sha256.New()
	for _, f := range files {
		fmt.Fprintf(h, "%s  %s\n", f.digest, f.name)
	}
	return Digest(hex.EncodeToString(h.Sum(nil)))
}

// H1 writes the digest of a directory as go.sum does.
func (d Digest) H1() string {
	b, err := hex.DecodeString(string(d))
	if err != nil {
		return "h1:?"
	}
	return "h1:" + base64.StdEncoding.EncodeToString(b)
}

// fromH1 reads a directory hash of go.sum; empty if it is none.
func fromH1(sum string) Digest {
	b, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(sum, "h1:"))
	if err != nil || len(b) != sha256.Size || !strings.HasPrefix(sum, "h1:") {
		return ""
	}
	return Digest(hex.EncodeToString(b))
}

// tree hashes every regular file below root that keep wants, by its name from root.
func tree(root string, keep func(name string) bool) ([]file, error) {
	var files []file
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if rel = filepath.ToSlash(rel); !keep(rel) {
			return nil
		}
		sum, _, err := hashFile(path)
		files = append(files, file{rel, sum})
		return err
	})
	return files, err
}
