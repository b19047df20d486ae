package main

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
)

// emitMessages writes what is known of each message type.
func (p *pkg) emitMessages(b *bytes.Buffer) {
	fmt.Fprint(b, "\nfunc newMessage(t MessageType) Message {\nswitch t {\n")
	for _, s := range p.structs {
		if s.message >= 0 {
			fmt.Fprintf(b, "case %d:\nreturn new(%s)\n", s.message, s.name)
		}
	}
	fmt.Fprint(b, "}\nreturn nil\n}\n\nvar messageNames = [256]string{\n")
	for _, s := range p.structs {
		if s.message >= 0 {
			fmt.Fprintf(b, "%d: %q,\n", s.message, "PFCP "+spaced(s.name))
		}
	}
	fmt.Fprint(b, "}\n\n")
	for _, s := range p.structs {
		if s.message >= 0 {
			fmt.Fprintf(b, "// Type is %d.\nfunc (*%s) Type() MessageType { return %d }\n", s.message, s.name, s.message)
		}
	}
}

// spaced puts a space before each capital.
func spaced(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (p *pkg) emitDecode(b *bytes.Buffer, s structure) {
	var need []string
	for _, f := range s.fields {
		if f.bit >= 0 {
			need = append(need, fmt.Sprint(f.ie))
		}
	}
	fmt.Fprintf(b, "\nfunc (m *%s) decode(b []byte) *Error {\n", s.name)
	if len(s.fields) == 0 {
		fmt.Fprint(b, "for len(b) > 0 {\n_, _, rest, err := next(b)\nif err != nil {\nreturn err\n}\nb = rest\n}\nreturn nil\n}\n")
		return
	}
	if len(need) > 0 {
		fmt.Fprint(b, "var seen uint32\n")
	}
	fmt.Fprint(b, "for len(b) > 0 {\nt, v, rest, err := next(b)\nif err != nil {\nreturn err\n}\nswitch t {\n")
	for _, f := range s.fields {
		fmt.Fprintf(b, "case %d:\n", f.ie)
		p.emitField(b, f)
	}
	fmt.Fprint(b, "}\nb = rest\n}\n")
	if len(need) > 0 {
		fmt.Fprintf(b, "if seen != %#x {\nreturn missing(seen, %s)\n}\n", 1<<len(need)-1, strings.Join(need, ", "))
	}
	fmt.Fprint(b, "return nil\n}\n")
}

// emitField writes the reading of one IE; of an IE that may stand once the first is taken, TS 29.244 §7.6.10.
func (p *pkg) emitField(b *bytes.Buffer, f field) {
	switch f.form {
	case mandatory:
		fmt.Fprintf(b, "if seen&%#x == 0 {\nseen |= %#x\n", 1<<f.bit, 1<<f.bit)
		p.emitValue(b, f, "m."+f.name)
		fmt.Fprint(b, "}\n")
	case optional:
		fmt.Fprintf(b, "if !m.%s.set {\nm.%s.set = true\n", f.name, f.name)
		p.emitValue(b, f, "m."+f.name+".v")
		fmt.Fprint(b, "}\n")
	case repeated:
		fmt.Fprintf(b, "if m.%s == nil {\nm.%s = room[%s](b, t)\n}\n", f.name, f.name, f.typ)
		if f.bit >= 0 {
			fmt.Fprintf(b, "seen |= %#x\n", 1<<f.bit)
		}
		fmt.Fprintf(b, "e := grow(&m.%s)\n", f.name)
		p.emitValue(b, f, "*e")
	}
}

// emitValue writes the reading of v into dst.
func (p *pkg) emitValue(b *bytes.Buffer, f field, dst string) {
	switch kind := p.basic[f.typ]; {
	case p.leaves[f.typ]:
		fmt.Fprintf(b, "if c := %s.decode(v); c != 0 {\nreturn wrong(c, t)\n}\n", strings.TrimPrefix(dst, "*"))
	case p.grouped[f.typ]:
		fmt.Fprintf(b, "if err := %s.decode(v); err != nil {\nreturn err\n}\n", strings.TrimPrefix(dst, "*"))
	case kind == "string":
		fmt.Fprintf(b, "%s = %s(v)\n", dst, f.typ)
	case kind == "uint8":
		fmt.Fprintf(b, "if len(v) < 1 {\nreturn wrong(CauseInvalidLength, t)\n}\n%s = %s(v[0])\n", dst, f.typ)
	default:
		n := strings.TrimPrefix(kind, "uint")
		fmt.Fprintf(b, "if len(v) < %s/8 {\nreturn wrong(CauseInvalidLength, t)\n}\n%s = %s(binary.BigEndian.Uint%s(v))\n", n, dst, f.typ, n)
	}
}

func (p *pkg) emitAppend(b *bytes.Buffer, s structure) {
	fmt.Fprintf(b, "\nfunc (m *%s) append(dst []byte) []byte {\n", s.name)
	if p.hasOpen(s) {
		fmt.Fprint(b, "var at int\n")
	}
	for _, f := range s.fields {
		switch f.form {
		case mandatory:
			p.emitPut(b, f, "m."+f.name)
		case optional:
			fmt.Fprintf(b, "if m.%s.set {\n", f.name)
			p.emitPut(b, f, "m."+f.name+".v")
			fmt.Fprint(b, "}\n")
		case repeated:
			fmt.Fprintf(b, "for i := range m.%s {\n", f.name)
			p.emitPut(b, f, "m."+f.name+"[i]")
			fmt.Fprint(b, "}\n")
		}
	}
	fmt.Fprint(b, "return dst\n}\n")
}

// hasOpen tells whether an IE of the struct has a length that is known only afterwards.
func (p *pkg) hasOpen(s structure) bool {
	for _, f := range s.fields {
		if p.leaves[f.typ] || p.grouped[f.typ] {
			return true
		}
	}
	return false
}

func (p *pkg) emitPut(b *bytes.Buffer, f field, src string) {
	if p.leaves[f.typ] || p.grouped[f.typ] {
		fmt.Fprintf(b, "at = len(dst)\ndst = shut(%s.append(open(dst, %d)), at)\n", src, f.ie)
		return
	}
	kind := p.basic[f.typ]
	fmt.Fprintf(b, "dst = put%s(dst, %d, %s(%s))\n", strings.ToUpper(kind[:1])+kind[1:], f.ie, kind, src)
}
