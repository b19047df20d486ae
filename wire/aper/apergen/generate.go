package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// generator writes the source of the codec.
type generator struct {
	pkg *pkg
	buf bytes.Buffer
}

func (g *generator) printf(format string, args ...any) { fmt.Fprintf(&g.buf, format, args...) }

func (g *generator) all() error {
	var messages []*typ
	for _, name := range g.pkg.order {
		t := g.pkg.types[name]
		if t.names || t.c.kind == "enum" {
			g.stringMethod(t)
		}
		if t.c.has("ids") {
			g.idNames(t)
		}
		switch t.c.kind {
		case "sequence":
			g.sequence(t)
		case "choice":
			g.choice(t)
		case "container", "message":
			if len(t.fields) > 64 {
				return fmt.Errorf("%s: more than 64 IEs", t.name)
			}
			g.container(t)
		case "list":
			g.list(t)
		}
		if t.c.has("transfer") {
			g.transfer(t)
		}
		if t.c.kind == "message" {
			g.message(t)
			messages = append(messages, t)
		}
	}
	if len(messages) > 0 {
		g.dispatch(messages)
	}
	return nil
}

// stringMethod writes a String method from the comments of the constants.
func (g *generator) stringMethod(t *typ) {
	g.printf("func (x %s) String() string {\n\tswitch x {\n", t.name)
	for _, c := range t.consts {
		g.printf("case %s:\n\treturn %q\n", c.ident, c.spelling)
	}
	g.printf("}\n\treturn \"%s(\" + strconv.Itoa(int(x)) + \")\"\n}\n\n", t.name)
}

// idNames writes a String method from the ids and names of the fields that are IEs.
func (g *generator) idNames(t *typ) {
	names := map[int]string{}
	for _, name := range g.pkg.order {
		for _, f := range g.pkg.types[name].fields {
			if f.tag != "" {
				names[f.id] = f.name
			}
		}
	}
	g.printf("func (x %s) String() string {\n\tswitch x {\n", t.name)
	for _, id := range slices.Sorted(maps.Keys(names)) {
		g.printf("case %d:\n\treturn %q\n", id, names[id])
	}
	g.printf("}\n\treturn strconv.Itoa(int(x))\n}\n\n")
}

func (g *generator) transfer(t *typ) {
	g.printf(`// Append appends the encoding of x to dst.
func (x *%[1]s) Append(dst []byte) ([]byte, error) {
	var e encoder
	e.Reset(dst)
	x.encode(&e)
	return e.transfer(dst, %[2]q)
}

// Decode%[1]s reads a %[1]s, which aliases b. Its error is a *DecodeError.
func Decode%[1]s(b []byte) (*%[1]s, error) {
	var d decoder
	d.Reset(b)
	x := new(%[1]s)
	x.decode(&d)
	if err := d.transferError(%[2]q); err != nil {
		return nil, err
	}
	return x, nil
}

`, t.name, t.name)
}

// messageArgs returns the type, procedure code and criticality of a message as Go expressions.
func messageArgs(t *typ) (pdu, procedure, criticality string) {
	f := t.c.flags
	pdu = map[string]string{
		"initiating": "InitiatingMessage", "successful": "SuccessfulOutcome", "unsuccessful": "UnsuccessfulOutcome",
	}[f[0]]
	return pdu, f[1], criticalityConst(f[2])
}

func criticalityConst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func (g *generator) message(t *typ) {
	pdu, procedure, criticality := messageArgs(t)
	g.printf("func (*%s) Name() string { return %q }\n\n", t.name, t.name)
	g.printf("func (*%s) ProcedureCode() ProcedureCode { return %s }\n\n", t.name, procedure)
	g.printf("func (*%s) PDUType() PDUType { return %s }\n\n", t.name, pdu)
	g.printf("func (*%s) Criticality() Criticality { return %s }\n\n", t.name, criticality)
}

// dispatch writes the switches over all messages. They call the codecs directly, so that nothing escapes to the heap.
func (g *generator) dispatch(messages []*typ) {
	g.printf("// message reads the value of a message; nil when it is not known.\n")
	g.printf("func (d *decoder) message(t PDUType, p ProcedureCode) Message {\n\tswitch uint(t)<<8 | uint(p) {\n")
	for _, t := range messages {
		pdu, procedure, _ := messageArgs(t)
		g.printf("case uint(%s)<<8 | %s:\n\tx := new(%s)\n\tx.decode(d)\n\treturn x\n", pdu, procedure, t.name)
	}
	g.printf("}\n\treturn nil\n}\n\n")
	g.printf("// message appends a whole message; false when its type is not known.\n")
	g.printf("func (e *encoder) message(m Message) bool {\n\tswitch x := m.(type) {\n")
	for _, t := range messages {
		pdu, procedure, criticality := messageArgs(t)
		g.printf("case *%s:\n\ts := e.begin(%s, %s, %s)\n\tif x != nil {\n\tx.encode(e)\n\t} else {\n\te.Fail(\"nil\")\n\t}\n\te.Close(s)\n",
			t.name, pdu, procedure, criticality)
	}
	g.printf("default:\n\treturn false\n}\n\treturn true\n}\n")
}

func (g *generator) list(t *typ) {
	c := t.c
	if c.ub >= 65536 {
		g.longList(t)
		return
	}
	elem := strings.TrimPrefix(source(t.expr), "[]")
	g.printf("func (x *%s) encode(e *encoder) {\n", t.name)
	g.printf("\te.Count(len(*x), %d, %d, %t)\n\tfor i := range *x {\n", c.lb, c.ub, c.ext)
	f := &field{name: elem, typeName: elem}
	g.encodeValue(f, "(*x)[i]")
	g.printf("\tif e.Failed() {\n\te.In(strconv.Itoa(i))\n\treturn\n}\n}\n}\n\n")
	g.printf("func (x *%s) decode(d *decoder) {\n", t.name)
	g.printf("\ts := make(%s, d.Count(%d, %d, %d, %t))\n\tfor i := range s {\n", t.name, c.lb, c.ub, max(1, g.minBits(f)), c.ext)
	g.decodeValue(f, "s[i]")
	g.printf("\tif d.Failed() {\n\td.In(strconv.Itoa(i))\n\treturn\n}\n}\n\t*x = s\n}\n\n")
}

// longList writes the codec of a SEQUENCE OF that may have 64K elements, whose length is not constrained but may
// come in fragments, X.691 §11.9.4.2.
func (g *generator) longList(t *typ) {
	elem := strings.TrimPrefix(source(t.expr), "[]")
	f := &field{name: elem, typeName: elem}
	g.printf(`func (x *%s) encode(e *encoder) {
	if len(*x) < %d || len(*x) > %d {
		e.Fail("size " + strconv.Itoa(len(*x)) + " is not in %d..%d")
		return
	}
	for i, more := 0, true; more; {
		var n int
		n, more = e.Fragment(len(*x) - i)
		for end := i + n; i < end; i++ {
`, t.name, t.c.lb, t.c.ub, t.c.lb, t.c.ub)
	g.encodeValue(f, "(*x)[i]")
	g.printf("\tif e.Failed() {\n\te.In(strconv.Itoa(i))\n\treturn\n}\n}\n}\n}\n\n")
	g.printf(`func (x *%[1]s) decode(d *decoder) {
	var s %[1]s
	for more := true; more; {
		var n int
		n, more = d.Fragment(%[2]d)
		if n += len(s); n > %[3]d {
			d.Fail("more than %[3]d elements")
			return
		}
		s = slices.Grow(s, n-len(s))
		for i := len(s); i < n; i++ {
			s = s[:i+1]
`, t.name, max(1, g.minBits(f)), t.c.ub)
	g.decodeValue(f, "s[i]")
	g.printf("\tif d.Failed() {\n\td.In(strconv.Itoa(i))\n\treturn\n}\n}\n}\n")
	g.printf("\tif len(s) < %d {\n\td.Fail(\"size \" + strconv.Itoa(len(s)) + \" is not in %d..%d\")\n}\n\t*x = s\n}\n\n", t.c.lb, t.c.lb, t.c.ub)
}
