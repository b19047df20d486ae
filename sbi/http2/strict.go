package http2

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// strictJSON reads one JSON value into v. It refuses what two readers could read in two ways: a member that is there twice
// (names that differ in case alone are the same to encoding/json), invalid UTF-8, anything after the value; and what is deep.
func strictJSON(text []byte, v any) error {
	if !utf8.Valid(text) {
		return malformed("the JSON is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if err := unambiguous(d, 0); err != nil {
		return err
	}
	if len(bytes.TrimLeft(text[d.InputOffset():], " \t\r\n")) > 0 {
		return malformed("something follows the JSON value")
	}
	if err := json.Unmarshal(text, v); err != nil {
		return malformed("%v", err)
	}
	return nil
}

// unambiguous goes over one value.
func unambiguous(d *json.Decoder, depth int) error {
	if depth > maxDepth {
		return malformed("JSON deeper than %d levels", maxDepth)
	}
	t, err := d.Token()
	if err != nil {
		return malformed("JSON: %v", err)
	}
	delim, nested := t.(json.Delim)
	switch {
	case depth == 0 && delim != '{':
		return malformed("the JSON is not an object")
	case !nested:
		return nil
	}
	var names map[string]bool
	if delim == '{' {
		names = make(map[string]bool)
	}
	for d.More() {
		if names != nil {
			name, err := d.Token()
			if err != nil {
				return malformed("JSON: %v", err)
			}
			folded := strings.ToLower(name.(string))
			if names[folded] {
				return malformed("the member %q is there twice", name)
			}
			names[folded] = true
		}
		if err := unambiguous(d, depth+1); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return malformed("JSON: %v", err)
	}
	return nil
}
