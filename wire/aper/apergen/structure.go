package main

import (
	"slices"
	"strconv"
	"strings"
)

// check writes the test for an error after a field.
func (g *generator) check(receiver, name string) {
	g.printf("\tif %s.Failed() {\n\t%s.In(%q)\n\treturn\n}\n", receiver, receiver, name)
}

// split returns the fields of the root and those with a tag.
func split(t *typ) (root, tagged []*field) {
	for _, f := range t.fields {
		if f.tag == "" {
			root = append(root, f)
		} else {
			tagged = append(tagged, f)
		}
	}
	return root, tagged
}

func (g *generator) sequence(t *typ) {
	root, ext := split(t)
	g.sequenceEncode(t, root, ext)
	g.sequenceDecode(t, root, ext)
}

func (g *generator) sequenceEncode(t *typ, root, ext []*field) {
	g.printf("func (x *%s) encode(e *encoder) {\n", t.name)
	if !t.c.has("closed") {
		g.printf("\te.Bool(false)\n")
	}
	for _, f := range root {
		if f.optional {
			g.printf("\te.Bool(%s)\n", g.present(f, "x."+f.name))
		}
	}
	if !t.c.has("bare") {
		if len(ext) == 0 {
			g.printf("\te.Bool(false)\n")
		} else {
			var any []string
			for _, f := range ext {
				any = append(any, g.present(f, "x."+f.name))
			}
			g.printf("\textended := %s\n\te.Bool(extended)\n", strings.Join(any, " || "))
		}
	}
	for _, f := range root {
		if f.optional {
			g.printf("\tif %s {\n", g.present(f, "x."+f.name))
		}
		g.encodeValue(f, "x."+f.name)
		g.check("e", f.name)
		if f.optional {
			g.printf("}\n")
		}
	}
	if len(ext) > 0 {
		g.printf("\tif !extended {\n\treturn\n}\n\tl := e.openIEs()\n")
		g.encodeIEs(ext)
		g.printf("\te.closeExtensions(&l)\n")
	}
	g.printf("}\n\n")
}

// encodeIEs writes the IEs of a container into the list l.
func (g *generator) encodeIEs(fields []*field) {
	for _, f := range fields {
		if f.optional {
			g.printf("\tif %s {\n", g.present(f, "x."+f.name))
		} else {
			g.printf("\t{\n")
		}
		g.printf("\ts := e.openIE(&l, %d, %s)\n", f.id, criticalityConst(f.crit))
		g.encodeValue(f, "x."+f.name)
		g.check("e", f.name)
		g.printf("\te.Close(s)\n}\n")
	}
}

func (g *generator) sequenceDecode(t *typ, root, ext []*field) {
	g.printf("func (x *%s) decode(d *decoder) {\n", t.name)
	n := 0
	for _, f := range root {
		if f.optional {
			n++
		}
	}
	if !t.c.has("closed") {
		n++
	}
	if !t.c.has("bare") {
		n++
	}
	if n > 0 {
		g.printf("\tpreamble := d.Bits(%d)\n", n)
	}
	bit := n - 1
	if !t.c.has("closed") {
		bit--
	}
	for _, f := range root {
		if f.optional {
			g.printf("\tif preamble&(1<<%d) != 0 {\n", bit)
			bit--
		}
		g.decodeValue(f, "x."+f.name)
		g.check("d", f.name)
		if f.optional {
			g.printf("}\n")
		}
	}
	if !t.c.has("bare") {
		g.printf("\tif preamble&1 != 0 {\n")
		g.decodeIEs(ext, "d.extensionCount()")
		g.printf("}\n")
	}
	if !t.c.has("closed") {
		g.printf("\tif preamble&(1<<%d) != 0 {\n\td.SkipExtensions()\n}\n", n-1)
	}
	g.printf("}\n\n")
}

// decodeIEs writes the loop over the IEs of a container. It leaves the positions that came in seen.
func (g *generator) decodeIEs(fields []*field, count string) {
	if len(fields) == 0 {
		g.printf("\tfor n := %s; n > 0 && !d.Failed(); n-- {\n\tie := d.openIE()\n\td.skipIE(&ie)\n}\n", count)
		return
	}
	g.printf("\tvar seen uint64\n\tfor n := %s; n > 0; n-- {\n\tie := d.openIE()\n\tswitch ie.id {\n", count)
	for i, f := range fields {
		g.printf("case %d:\n\tif d.inOrder(&seen, %d, &ie) {\n", f.id, i)
		g.decodeValue(f, "x."+f.name)
		g.note(f)
		switch {
		case f.optional:
			g.printf("\tif !d.closeIE(&ie) {\n\t%s\n}\n", g.absent(f, "x."+f.name))
		default:
			g.printf("\td.closeIE(&ie)\n")
		}
		g.check("d", f.name)
		g.printf("}\n")
	}
	g.printf("default:\n\td.skipIE(&ie)\n}\n\tif d.Failed() {\n\treturn\n}\n}\n")
}

// note writes the call for a type whose last value the decoder keeps.
func (g *generator) note(f *field) {
	t := g.pkg.types[f.typeName]
	if t == nil || !t.c.has("note") || f.tag != "ie" {
		return
	}
	star := ""
	if f.pointer {
		star = "*"
	}
	g.printf("\td.note%s(%sx.%s)\n", t.name, star, f.name)
}

func (g *generator) container(t *typ) {
	g.printf("func (x *%s) encode(e *encoder) {\n\te.Bool(false)\n\tl := e.openIEs()\n", t.name)
	g.encodeIEs(t.fields)
	g.printf("\te.closeIEs(&l)\n}\n\n")
	mandatory := ""
	for i, f := range t.fields {
		if !f.optional {
			mandatory += "\t{" + itoa(i) + ", " + itoa(f.id) + ", " + criticalityConst(f.crit) + "},\n"
		}
	}
	if mandatory != "" {
		g.printf("var %sMandatory = [...]mandatoryIE{\n%s}\n\n", lowerFirst(t.name), mandatory)
	}
	g.printf("func (x *%s) decode(d *decoder) {\n\textended := d.Bool()\n", t.name)
	g.decodeIEs(t.fields, "d.ieCount()")
	if mandatory != "" {
		g.printf("\td.missing(seen, %sMandatory[:])\n", lowerFirst(t.name))
	}
	if slices.ContainsFunc(t.fields, func(f *field) bool { return f.presence == "conditional" }) {
		g.printf("\tx.conditions(d)\n")
	}
	g.printf("\tif extended {\n\td.SkipExtensions()\n}\n}\n\n")
}

func (g *generator) choice(t *typ) {
	root, ext := split(t)
	alternatives := len(root)
	if !t.c.has("bare") {
		alternatives++
	}
	g.printf("func (x *%s) encode(e *encoder) {\n\tif !e.one(", t.name)
	for _, f := range t.fields {
		g.printf("%s, ", g.present(f, "x."+f.name))
	}
	g.printf(") {\n\treturn\n}\n\tswitch {\n")
	for i, f := range root {
		g.printf("case %s:\n\te.Uint(%d, 0, %d)\n", g.present(f, "x."+f.name), i, alternatives-1)
		g.encodeValue(f, "x."+f.name)
		g.check("e", f.name)
	}
	for _, f := range ext {
		g.printf("case %s:\n\te.Uint(%d, 0, %d)\n", g.present(f, "x."+f.name), alternatives-1, alternatives-1)
		g.printf("\ts := e.openAlternative(%d, %s)\n", f.id, criticalityConst(f.crit))
		g.encodeValue(f, "x."+f.name)
		g.check("e", f.name)
		g.printf("\te.Close(s)\n")
	}
	g.printf("}\n}\n\n")
	g.printf("func (x *%s) decode(d *decoder) {\n\tswitch d.Uint(0, %d) {\n", t.name, alternatives-1)
	for i, f := range root {
		g.printf("case %d:\n", i)
		g.decodeValue(f, "x."+f.name)
		g.check("d", f.name)
	}
	if !t.c.has("bare") {
		g.choiceExtensions(alternatives-1, ext)
	}
	g.printf("}\n}\n\n")
}

func (g *generator) choiceExtensions(index int, ext []*field) {
	g.printf("case %d:\n", index)
	if len(ext) == 0 {
		g.printf("\td.unknownAlternative()\n")
		return
	}
	g.printf("\tie := d.openIE()\n\tswitch ie.id {\n")
	for _, f := range ext {
		g.printf("case %d:\n", f.id)
		g.decodeValue(f, "x."+f.name)
		g.printf("\td.closeAlternative(&ie)\n")
		g.check("d", f.name)
	}
	g.printf("default:\n\td.skipAlternative(&ie)\n}\n")
}

func itoa(n int) string { return strconv.Itoa(n) }

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }
