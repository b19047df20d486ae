package ledger

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is what a ledger held at a moment, to be kept by outsiders.
type Checkpoint struct {
	Origin string
	Size   int64
	Root   tlog.Hash
}

// String is the text that is signed: origin, size and root, a line each.
func (c Checkpoint) String() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, base64.StdEncoding.EncodeToString(c.Root[:]))
}

// ParseCheckpoint reads a signed checkpoint. Errors: it is none, or the verifier's key did not sign it.
func ParseCheckpoint(text []byte, verifier note.Verifier) (Checkpoint, error) {
	n, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint: %w", err)
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return Checkpoint{}, errors.New("checkpoint: want three lines: origin, size and root")
	}
	c := Checkpoint{Origin: lines[0]}
	if c.Size, err = strconv.ParseInt(lines[1], 10, 64); err != nil || c.Size < 0 {
		return Checkpoint{}, fmt.Errorf("checkpoint: %q is no number of records", lines[1])
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return Checkpoint{}, fmt.Errorf("checkpoint: %q is no root", lines[2])
	}
	copy(c.Root[:], root)
	return c, nil
}

// Verified is what Verify found.
type Verified struct {
	Checkpoint Checkpoint
	Signed     []byte  // the checkpoint's file
	Key        string  // that verifies the signature
	Unsigned   int64   // records behind the checkpoint: a process that is just writing, or one that died
	Since      []int64 // sizes of the earlier checkpoints
}

// Verify holds the records of a folder against its checkpoint, and against earlier ones that somebody kept, and calls each
// for every record. key is the verifier's key that somebody kept, "" for that of the folder.
func Verify(dir, key string, kept [][]byte, each func(Record) error) (Verified, error) {
	var v Verified
	if key == "" {
		b, err := os.ReadFile(filepath.Join(dir, verifierFile))
		if err != nil {
			return v, err
		}
		key = string(bytes.TrimSpace(b))
	}
	v.Key = key
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return v, fmt.Errorf("key: %w", err)
	}
	text, err := os.ReadFile(filepath.Join(dir, checkpointFile)) // before the records, which may grow
	if err != nil {
		return v, err
	}
	v.Signed = text
	if v.Checkpoint, err = ParseCheckpoint(text, verifier); err != nil {
		return v, err
	}
	f, err := os.Open(filepath.Join(dir, recordsFile))
	if err != nil {
		return v, err
	}
	defer f.Close()
	var t tree
	if _, err := t.read(f, each); err != nil {
		return v, err
	}
	if err := t.extends(v.Checkpoint); err != nil {
		return v, err
	}
	v.Unsigned = t.size - v.Checkpoint.Size
	for _, k := range kept {
		c, err := ParseCheckpoint(k, verifier)
		if err == nil {
			err = t.extends(c)
		}
		if err != nil {
			return v, fmt.Errorf("a checkpoint that was kept: %w", err)
		}
		v.Since = append(v.Since, c.Size)
	}
	return v, nil
}
