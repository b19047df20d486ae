package config

import (
	"fmt"
	"slices"
	"strings"
)

// Error is one thing that is wrong with a file.
type Error struct {
	File         string
	Line, Column int    // from 1; 0: of the file as a whole
	Key          string // such as smf.dnns[0].pools[1]; empty: none
	Text         string
}

// Error is one line: file:line:column: key: text.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", e.Line, e.Column)
	}
	b.WriteString(": ")
	if e.Key != "" {
		b.WriteString(e.Key + ": ")
	}
	b.WriteString(strings.ReplaceAll(e.Text, "\n", " "))
	return b.String()
}

// Errors is everything that is wrong with a file, in its order.
type Errors []*Error

// Error has a line for each.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// inOrder returns the errors as one, nil if there is none.
func (e Errors) inOrder() error {
	if len(e) == 0 {
		return nil
	}
	slices.SortStableFunc(e, func(a, b *Error) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return e
}

// errorAt is an error about a key. One that the file leaves out has the place of what it would be part of.
func (c *Config) errorAt(key, format string, args ...any) *Error {
	e := &Error{File: c.file, Key: key, Text: fmt.Sprintf(format, args...)}
	for at := key; at != ""; at = parent(at) {
		if p, ok := c.places[at]; ok {
			e.Line, e.Column = p.line, p.column
			return e
		}
	}
	return e
}

// parent is what a key is part of: smf.dnns[0].name, smf.dnns[0], smf.dnns, smf.
func parent(key string) string {
	return key[:max(0, strings.LastIndexAny(key, ".["))]
}
