package config

import (
	"encoding"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// maxFile bounds a configuration file, in octets.
const maxFile = 4 << 20

// Load reads and checks a file. The error is Errors, or that of the file system.
func Load(name string) (*Config, error) {
	text, err := read(name)
	if err != nil {
		return nil, err
	}
	return Parse(name, text)
}

func read(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s: %d octets are more than a configuration has", name, info.Size())
	}
	return os.ReadFile(name)
}

// Parse checks text; name is the file's in errors. The error is Errors.
func Parse(name string, text []byte) (*Config, error) {
	c, err := parse(name, text)
	if err != nil {
		return nil, err
	}
	c.derive()
	if err := c.validate(); err != nil {
		return nil, err
	}
	return c, nil
}

// parse reads text and checks nothing that is beyond the type of a value.
func parse(name string, text []byte) (*Config, error) {
	c := defaults()
	c.file, c.places = name, make(map[string]place)
	d := decoder{cfg: c}
	file, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, Errors{syntaxError(name, err)}
	}
	switch {
	case len(file.Docs) > 1 && file.Docs[1].Body != nil:
		d.fail("", file.Docs[1].Body.GetToken(), "a second document: a configuration is one")
	case len(file.Docs) == 0 || file.Docs[0].Body == nil:
		return nil, Errors{{File: name, Text: "the file is empty; `limpid config init` writes one to begin with"}}
	default:
		d.value("", file.Docs[0].Body, reflect.ValueOf(c).Elem())
	}
	if len(d.errs) > 0 {
		return nil, d.errs.inOrder() // a check of what was not read would only confuse
	}
	return c, nil
}

// syntaxError takes the place and the words out of the parser's error, which is several lines long.
func syntaxError(name string, err error) *Error {
	e := &Error{File: name, Text: err.Error()}
	var syntax yaml.Error
	if errors.As(err, &syntax) {
		e.Text = syntax.GetMessage()
		if t := syntax.GetToken(); t != nil && t.Position != nil {
			e.Line, e.Column = t.Position.Line, t.Position.Column
		}
	}
	return e
}

// decoder fills a Config from a syntax tree. It goes on after an error, so that all are told at once.
type decoder struct {
	cfg  *Config
	errs Errors
}

func (d *decoder) fail(key string, at *token.Token, format string, args ...any) {
	e := &Error{File: d.cfg.file, Key: key, Text: fmt.Sprintf(format, args...)}
	if at != nil && at.Position != nil {
		e.Line, e.Column = at.Position.Line, at.Position.Column
	}
	d.errs = append(d.errs, e)
}

// value decodes a node into v.
func (d *decoder) value(key string, n ast.Node, v reflect.Value) {
	if at := n.GetToken(); at != nil && at.Position != nil {
		if _, known := d.cfg.places[key]; !known {
			d.cfg.places[key] = place{at.Position.Line, at.Position.Column}
		}
	}
	switch n.Type() {
	case ast.AnchorType, ast.AliasType, ast.MergeKeyType, ast.TagType:
		d.fail(key, n.GetToken(), "anchors, aliases and tags have no place in a configuration")
		return
	}
	if _, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		d.text(key, n, v)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(key, n, v.Elem())
	case reflect.Struct:
		d.structure(key, n, v)
	case reflect.Slice:
		d.list(key, n, v)
	default:
		d.scalar(key, n, v)
	}
}

// text decodes a scalar whose type reads itself. What is written counts, not what YAML would make of it: 00101 is a
// PLMN, not an octal number.
func (d *decoder) text(key string, n ast.Node, v reflect.Value) {
	s, ok := written(n)
	if !ok {
		d.fail(key, n.GetToken(), "want one value, not %s", kindOf(n))
		return
	}
	if err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(s)); err != nil {
		d.fail(key, n.GetToken(), "%v", err)
	}
}

// structure decodes a mapping, key by key.
func (d *decoder) structure(key string, n ast.Node, v reflect.Value) {
	var pairs []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	default:
		d.fail(key, n.GetToken(), "want keys and values (%s), not %s", strings.Join(fieldNames(v.Type()), ", "), kindOf(n))
		return
	}
	seen := make(map[string]int)
	for _, pair := range pairs {
		at := pair.Key.GetToken()
		name := at.Value
		field := join(key, name)
		i, known := fieldNamed(v.Type(), name)
		switch line, twice := seen[name]; {
		case twice:
			d.fail(field, at, "duplicate key, first on line %d", line)
			continue
		case !known:
			d.fail(field, at, "unknown key%s", suggest(name, fieldNames(v.Type())))
			continue
		}
		seen[name] = at.Position.Line
		d.cfg.places[field] = place{at.Position.Line, at.Position.Column}
		d.value(field, pair.Value, v.Field(i))
	}
}

func (d *decoder) list(key string, n ast.Node, v reflect.Value) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		d.fail(key, n.GetToken(), "want a list, such as [a, b], not %s", kindOf(n))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(seq.Values), len(seq.Values)))
	for i, item := range seq.Values {
		d.value(fmt.Sprintf("%s[%d]", key, i), item, v.Index(i))
	}
}

// scalar decodes into the basic kinds.
func (d *decoder) scalar(key string, n ast.Node, v reflect.Value) {
	s, ok := written(n)
	if !ok {
		d.fail(key, n.GetToken(), "want one value, not %s", kindOf(n))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Bool:
		if n.Type() != ast.BoolType {
			d.fail(key, n.GetToken(), "%q: want true or false", s)
			return
		}
		v.SetBool(s == "true" || s == "True" || s == "TRUE")
	case reflect.Int:
		i, err := strconv.ParseInt(s, 10, 32)
		if err != nil || n.Type() != ast.IntegerType {
			d.fail(key, n.GetToken(), "%q: want a whole number", s)
			return
		}
		v.SetInt(i)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		i, err := strconv.ParseUint(s, 0, v.Type().Bits())
		if err != nil || n.Type() != ast.IntegerType {
			d.fail(key, n.GetToken(), "%q: want a whole number from 0 to %d", s, uint64(1)<<v.Type().Bits()-1)
			return
		}
		v.SetUint(i)
	}
}

// written is the text of a scalar as it stands in the file, without quotes.
func written(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	}
	return "", false
}

func kindOf(n ast.Node) string {
	switch n.Type() {
	case ast.MappingType, ast.MappingValueType:
		return "keys and values"
	case ast.SequenceType:
		return "a list"
	case ast.NullType:
		return "nothing"
	}
	return fmt.Sprintf("%q", n.GetToken().Value)
}

func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}

func fieldNames(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("yaml"); name != "" {
			names = append(names, name)
		}
	}
	return names
}

func fieldNamed(t reflect.Type, name string) (int, bool) {
	for i := range t.NumField() {
		if tag := t.Field(i).Tag.Get("yaml"); tag != "" && tag == name {
			return i, true
		}
	}
	return 0, false
}

// suggest names the known key that is most like an unknown one, or all of them.
func suggest(name string, known []string) string {
	for _, k := range known {
		if distance(strings.ToLower(name), k) <= 2 {
			return fmt.Sprintf(", did you mean %s?", k)
		}
	}
	return ", known here: " + strings.Join(known, ", ")
}

// distance is how many letters two words differ in (Levenshtein), for words as short as keys.
func distance(a, b string) int {
	if len(a) > 40 || len(b) > 40 {
		return 40
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
