/** Attributes as a table of two columns. */
export function KeyValues({ pairs }: { pairs: readonly { key: string; value: string }[] }) {
  return (
    <table class="at">
      <tbody>
        {pairs.map(({ key, value }) => (
          <tr key={key}>
            <td class="mono t2 wrap">{key}</td>
            <td class="mono wrap">{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
