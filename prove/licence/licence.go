// Package licence tells from the text of a module's licence file which licence it is.
package licence

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// ErrUnknown is for a text that is none of the licences known here: a person must read it.
var ErrUnknown = errors.New("unknown licence")

// fileNames of a module's own licence, in the order of looking.
var fileNames = []string{"LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "COPYING", "UNLICENSE"}

const maxText = 256 << 10 // bytes

// text is a licence and the sentences that make it, in lower case with single spaces. The first whose sentences are all
// there, and whose absent one is not, is it.
var texts = []struct {
	spdx   string
	all    []string
	absent string
}{
	{"AGPL-3.0-only", []string{"gnu affero general public license", "version 3"}, ""},
	{"LGPL-3.0-only", []string{"gnu lesser general public license", "version 3"}, ""},
	{"LGPL-2.1-only", []string{"gnu lesser general public license", "version 2.1"}, ""},
	{"GPL-3.0-only", []string{"gnu general public license", "version 3"}, ""},
	{"GPL-2.0-only", []string{"gnu general public license", "version 2"}, ""},
	{"MPL-2.0", []string{"mozilla public license", "version 2.0"}, ""},
	{"Apache-2.0", []string{"apache license", "version 2.0, january 2004"}, ""},
	{"MIT", []string{"permission is hereby granted, free of charge, to any person obtaining a copy",
		"the above copyright notice and this permission notice shall be included"}, ""},
	{"ISC", []string{"permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted"}, ""},
	{"BSD-3-Clause", []string{"redistribution and use in source and binary forms", "neither the name"}, ""},
	{"BSD-3-Clause", []string{"redistribution and use in source and binary forms", "names of the authors"}, ""},
	{"BSD-2-Clause", []string{"redistribution and use in source and binary forms", "this list of conditions"}, "endorse or promote"},
	{"Unlicense", []string{"this is free and unencumbered software released into the public domain"}, ""},
}

// Of returns the SPDX identifier of the licence file in dir.
func Of(dir string) (string, error) {
	for _, name := range fileNames {
		f, err := os.Open(filepath.Join(dir, name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		b, err := io.ReadAll(io.LimitReader(f, maxText))
		f.Close()
		if err != nil {
			return "", err
		}
		return Identify(string(b))
	}
	return "", fmt.Errorf("%w: no licence file in %s", ErrUnknown, dir)
}

// Identify returns the SPDX identifier of a licence's text.
func Identify(text string) (string, error) {
	flat := strings.Join(strings.Fields(strings.ToLower(text)), " ")
	for _, t := range texts {
		if t.absent != "" && strings.Contains(flat, t.absent) {
			continue
		}
		found := 0
		for _, sentence := range t.all {
			if strings.Contains(flat, sentence) {
				found++
			}
		}
		if found == len(t.all) {
			return t.spdx, nil
		}
	}
	return "", fmt.Errorf("%w: it begins %.60q", ErrUnknown, flat)
}
