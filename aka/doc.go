// Package aka holds the keys of a 5G subscription and what is derived from them: authentication vectors and
// sequence numbers (TS 33.102 §6.3), the 5G key hierarchy (TS 33.501 §A), and the 128-bit ciphering and
// integrity algorithms of NAS and AS (TS 33.501 §D).
//
// The authentication algorithms themselves are packages milenage and tuak; both are an Algorithm. Concealment
// of the subscription identity is package suci.
package aka
